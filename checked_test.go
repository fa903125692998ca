package turbopipes_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// docs/faults.md, row 32
func TestChecked(t *testing.T) {
	slow := operators.TakeWhile(func(int) bool { time.Sleep(time.Second); return true })
	for want, c := range map[string]struct {
		src tp.Source[int]
		op  tp.Operator[int, int]
	}{
		"Create: emit was called from two goroutines at once": {func(_ context.Context, emit func(int) bool) error {
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() { emit(1) })
			}
			wg.Wait()
			return nil
		}, slow},
		"Create: emit was called after it had refused": {func(_ context.Context, emit func(int) bool) error {
			for i := range 9 {
				emit(i)
			}
			return nil
		}, operators.Take[int](2)},
	} {
		bubble(t, want, func(t *testing.T) {
			err := tp.Checked(c.op(tp.Create(c.src))).Drain(t.Context())
			require.EqualError(t, err, "turbopipes: broken contract: "+want)
			require.ErrorIs(t, err, tp.ErrContract)
		})
	}
	bubble(t, "goes on for ever though emit refuses", func(t *testing.T) {
		calls := 0
		forever := tp.Create(func(_ context.Context, emit func(int) bool) error {
			for {
				calls++
				emit(1)
			}
		})
		err := tp.Checked(operators.Take[int](1)(forever)).Drain(t.Context())
		require.ErrorIs(t, err, tp.ErrContract)
		require.Equal(t, 1+1000, calls)
	})
	bubble(t, "emits after the return", func(t *testing.T) {
		var kept func(int) bool
		_, err := tp.Checked(tp.Create(func(_ context.Context, emit func(int) bool) error { kept = emit; return nil })).Collect(t.Context())
		require.NoError(t, err)
		require.PanicsWithError(t, "turbopipes: broken contract: Create: emit was called after the return", func() { kept(1) })
	})
	bubble(t, "names a user's operator", func(t *testing.T) {
		twice := tp.Lift("twice", func(ctx context.Context, in tp.Observable[int], emit func(int) bool) error {
			return in.Push(ctx, func(v int) bool { emit(v); return emit(v) })
		})
		err := tp.Checked(operators.Take[int](1)(twice(tp.Range(0, 9)))).Drain(t.Context())
		require.EqualError(t, err, "turbopipes: broken contract: twice: emit was called after it had refused")
	})
	bubble(t, "names an operator that loses the item it fails on", func(t *testing.T) {
		fails := func(tells bool) tp.Operator[int, int] {
			return tp.Lift("fails", func(ctx context.Context, in tp.Observable[int], emit func(int) bool) error {
				failed := error(nil)
				err := in.Push(ctx, func(v int) bool {
					if v < 3 {
						return emit(v)
					}
					if failed = errBoom; tells {
						tp.Lost(ctx, tp.Loss{Item: v, Reason: tp.Discarded, Err: errBoom})
					}
					return false
				})
				return errors.Join(err, failed)
			})
		}
		err := tp.Checked(fails(false)(tp.Range(0, 9))).Drain(t.Context())
		require.ErrorIs(t, err, errBoom)
		require.ErrorContains(t, err, "turbopipes: broken contract: fails: an item was refused that was neither passed on nor given to Lost")
		err = tp.Checked(fails(true)(tp.Range(0, 9))).Drain(t.Context())
		require.EqualError(t, err, errBoom.Error())
		err = tp.Checked(operators.Take[int](2)(fails(false)(tp.Range(0, 9)))).Drain(t.Context())
		require.NoError(t, err)
		inside := tp.Lift("inside", func(ctx context.Context, in tp.Observable[int], emit func(int) bool) error {
			return operators.TryMap(func(context.Context, int) (int, error) { return 0, errBoom })(in).Push(ctx, emit)
		})
		err = tp.Checked(inside(tp.Range(0, 9))).Drain(t.Context())
		require.NotErrorIs(t, err, tp.ErrContract, "TryMap has counted it")
	})
	bubble(t, "passes panics and good streams", func(t *testing.T) {
		err := tp.Checked(operators.Map(func(int) int { panic(errBoom) })(tp.Just(1))).Drain(t.Context())
		require.ErrorIs(t, err, errBoom)
		require.PanicsWithValue(t, "mine", func() {
			_ = tp.Checked(tp.Range(0, 9)).Each(t.Context(), func(int) error { panic("mine") })
		})
		got, err := tp.Checked(operators.Parallel(2, identity, operators.Ordered())(tp.Range(0, 3))).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2}, got)
	})
}

// docs/faults.md, row 32, without Checked: no item after the refusal reaches downstream.
func TestStubbornSource(t *testing.T) {
	stubborn := tp.Create(func(_ context.Context, emit func(int) bool) error {
		for i := range 9 {
			emit(i)
		}
		return nil
	})
	got, err := operators.Take[int](2)(stubborn).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, got)
}

func ExampleChecked() {
	careless := tp.Create(func(_ context.Context, emit func(int) bool) error {
		emit(1)
		emit(2) // wrong: the result of emit is ignored
		return nil
	})
	fmt.Println(operators.Take[int](1)(tp.Checked(careless)).Drain(context.Background()))
	// Output: turbopipes: broken contract: Create: emit was called after it had refused
}
