package turbopipes_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func TestConsuming(t *testing.T) {
	o := tp.Range(1, 3)
	t.Run("Each", func(t *testing.T) {
		sum := 0
		require.NoError(t, o.Each(t.Context(), func(v int) error { sum += v; return nil }))
		require.Equal(t, 6, sum)
		require.Equal(t, errBoom, o.Each(t.Context(), func(int) error { return errBoom }))
	})
	t.Run("Seq", func(t *testing.T) {
		failing := operators.Concat(tp.Throw[int](errBoom))(o)
		var seen []string
		for v, err := range failing.Seq(t.Context()) {
			seen = append(seen, fmt.Sprint(v, " ", err))
		}
		require.Equal(t, []string{"1 <nil>", "2 <nil>", "3 <nil>", "0 boom"}, seen)
	})
	t.Run("Collect", func(t *testing.T) {
		got, err := operators.Concat(tp.Throw[int](errBoom))(o).Collect(t.Context())
		require.Equal(t, errBoom, err)
		require.Equal(t, []int{1, 2, 3}, got)
		got, err = tp.Empty[int]().Collect(t.Context())
		require.NoError(t, err)
		require.Nil(t, got)
	})
	t.Run("Drain and Run", func(t *testing.T) {
		require.NoError(t, o.Drain(t.Context()))
		require.Equal(t, errBoom, tp.Run(t.Context(), tp.Throw[int](errBoom)))
	})
	t.Run("Pull", func(t *testing.T) {
		next, stop := operators.Concat(tp.Throw[int](errBoom))(tp.Just(1)).Pull(t.Context())
		v, err, ok := next()
		require.Equal(t, "1 <nil> true", fmt.Sprint(v, err, ok))
		_, err, ok = next()
		require.True(t, ok)
		require.Equal(t, errBoom, err)
		_, _, ok = next()
		require.False(t, ok)
		stop()

		released := false
		next, stop = operators.Finally[int](func() { released = true })(tp.Range(0, 9)).Pull(t.Context())
		_, _, _ = next()
		stop()
		require.True(t, released)
	})
}

func TestToChannel(t *testing.T) {
	bubble(t, "completes", func(t *testing.T) {
		for _, opts := range [][]tp.QueueOption{nil, {tp.WithQueue(2)}} {
			ch, wait := tp.Range(0, 5).ToChannel(t.Context(), opts...)
			var got []int
			for v := range ch {
				got = append(got, v)
			}
			require.NoError(t, wait())
			require.Equal(t, []int{0, 1, 2, 3, 4}, got)
		}
	})
	bubble(t, "fails, panics, exits", func(t *testing.T) {
		for want, o := range map[error]tp.Observable[int]{
			errBoom:      tp.Throw[int](errBoom),
			errLate:      operators.Map(func(int) int { panic(errLate) })(tp.Just(1)),
			tp.ErrGoexit: operators.Map(func(int) int { runtime.Goexit(); return 0 })(tp.Just(1)),
		} {
			ch, wait := o.ToChannel(t.Context())
			_, ok := <-ch
			require.False(t, ok)
			require.ErrorIs(t, wait(), want)
		}
	})
	bubble(t, "is abandoned", func(t *testing.T) {
		var a alive
		ctx, cancel := context.WithCancelCause(t.Context())
		ch, wait := a.ticks(time.Second).ToChannel(ctx)
		require.Equal(t, 0, <-ch)
		cancel(errBoom)
		require.Equal(t, errBoom, wait())
		a.requireReaped(t)
	})
	bubble(t, "drops", func(t *testing.T) {
		var lost []any
		ch, wait := tp.Range(0, 10).ToChannel(t.Context(), tp.WithQueue(2), tp.WithOverflow(tp.DropOldest), tp.OnDiscard(func(v any) { lost = append(lost, v) }))
		time.Sleep(time.Second)
		var got []int
		for v := range ch {
			got = append(got, v)
		}
		require.NoError(t, wait())
		require.Equal(t, 10, len(got)+len(lost))
		require.Equal(t, []int{8, 9}, got[len(got)-2:])
	})
	bubble(t, "bad options", func(t *testing.T) {
		for _, opt := range []tp.QueueOption{nil, tp.WithQueue(0), tp.WithOverflow(9)} {
			ch, wait := tp.Just(1).ToChannel(t.Context(), opt)
			_, ok := <-ch
			require.False(t, ok)
			require.ErrorIs(t, wait(), tp.ErrInvalidArgument)
		}
	})
}

// row 21 and row 30
func TestContextEndedBefore(t *testing.T) {
	bubble(t, "row 21", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errBoom)
		o := operators.Parallel(3, identity)(tp.Create(func(context.Context, func(int) bool) error {
			t.Error("called")
			return nil
		}))
		require.Equal(t, errBoom, o.Drain(ctx))
		require.Equal(t, errBoom, tp.Run(ctx, o))
		got, err := o.Collect(ctx)
		require.Nil(t, got)
		require.Equal(t, errBoom, err)
		for _, err := range o.Seq(ctx) {
			require.Equal(t, errBoom, err)
		}
		var told error
		require.Equal(t, errBoom, o.Subscribe(ctx, tp.Observer[int]{Error: func(err error) { told = err }}).Wait())
		require.Equal(t, errBoom, told)
	})
	bubble(t, "row 30", func(t *testing.T) {
		var none context.Context
		o := tp.Just(1)
		require.ErrorIs(t, o.Drain(none), tp.ErrInvalidArgument)
		require.ErrorIs(t, o.Each(none, func(int) error { return nil }), tp.ErrInvalidArgument)
		for _, err := range o.Seq(none) {
			require.ErrorIs(t, err, tp.ErrInvalidArgument)
		}
		_, wait := o.ToChannel(none)
		require.ErrorIs(t, wait(), tp.ErrInvalidArgument)
		require.ErrorIs(t, o.Subscribe(none, tp.Observer[int]{}).Wait(), tp.ErrInvalidArgument)
	})
}

func TestContextEndsEndlessStreams(t *testing.T) {
	endless := tp.Unfold(0, func(s int) (int, int, bool) { return s, s + 1, true })
	none := operators.Filter(func(int) bool { return false })
	for name, o := range map[string]tp.Observable[int]{
		"Unfold": endless, "Range": tp.Range(0, 1<<60), "nothing gets through": none(endless), "nothing of Range": none(tp.Range(0, 1<<60)),
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		calls := 0
		// The fifth item cancels, on its way through the source.
		counted := operators.Map(func(v int) int {
			if calls++; calls == 5 {
				cancel(errBoom)
			}
			return v
		})(o)
		if name == "nothing gets through" || name == "nothing of Range" {
			time.AfterFunc(time.Millisecond, func() { cancel(errBoom) })
		}
		require.Equal(t, errBoom, counted.Drain(ctx), name)
	}
}

// row 12: the panic of the consumer's body is the process's, unchanged and with
// its own stack.
func TestConsumerPanicKillsTheProcess(t *testing.T) {
	if os.Getenv("TURBOPIPES_CRASH") != "" {
		go func() {
			o := operators.Retry[int](3)(operators.Parallel(3, identity)(operators.Catch(func(error) tp.Observable[int] { return tp.Empty[int]() })(tp.Range(0, 9))))
			_ = o.Each(context.Background(), func(int) error { panicHere(); return nil })
			os.Exit(0) // the panic was swallowed
		}()
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestConsumerPanicKillsTheProcess$")
	cmd.Env = append(os.Environ(), "TURBOPIPES_CRASH=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "panic: mine\n")
	require.NotContains(t, string(out), "recovered")
	require.Contains(t, string(out), "panicHere")
}

//go:noinline
func panicHere() { panic("mine") }

// A panic of the consumer's that a source recovers is not lost.
func TestConsumerPanicIsStolen(t *testing.T) {
	thief := tp.Create(func(_ context.Context, emit func(int) bool) error {
		defer func() { _ = recover() }()
		emit(1)
		return nil
	})
	require.ErrorContains(t, thief.Each(t.Context(), func(int) error { panic("mine") }), "recovered a panic")
}

func TestCleanUpFails(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := tp.Using(func(context.Context) (int, error) { return 0, nil },
			func(int) tp.Observable[int] { return tp.Interval(time.Second) }, func(int) error { return errLate })
		require.EqualError(t, o.Each(t.Context(), func(int) error { return errBoom }), "boom\nlate")
		_, err := operators.Take[int](1)(o).Collect(t.Context())
		require.Equal(t, errLate, err)
		for _, err := range o.Seq(t.Context()) {
			require.NoError(t, err)
			break
		}
		ran := false
		_, err = operators.Take[int](1)(operators.Catch(func(error) tp.Observable[int] { ran = true; return tp.Just(9) })(o)).Collect(t.Context())
		require.Equal(t, errLate, err)
		require.False(t, ran, "the failure of a clean-up is not handled")

		panics := tp.Create(func(_ context.Context, emit func(int) bool) error {
			defer panic(errBoom)
			emit(1)
			return nil
		})
		func() {
			defer func() {
				var p *tp.PanicError
				require.ErrorAs(t, recover().(error), &p)
			}()
			for range panics.Seq(t.Context()) {
				break
			}
		}()
	})
}

type list []string

func (l list) Error() string { return l[0] }

// Errors that can't be compared are carried like any other.
func TestUncomparableErrors(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		bad := list{"bad"}
		late := tp.Create(func(ctx context.Context, _ func(int) bool) error { <-ctx.Done(); return bad })
		for name, o := range map[string]tp.Observable[int]{
			"Create":   late,
			"Parallel": operators.Parallel(2, func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, bad })(tp.Timer(time.Second)),
			"Merge":    operators.Merge(tp.Never[int]())(tp.Throw[int](bad)),
			"Retry":    operators.Retry[int](3)(tp.Throw[int](bad)),
			"TryMap":   operators.TryMap(func(context.Context, int) (int, error) { return 0, bad })(tp.Just(1)),
		} {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, list{"cause"})
			var l list
			require.ErrorAs(t, o.Drain(ctx), &l, name)
			cancel()
		}
		require.Error(t, tp.Just(1).Each(t.Context(), func(int) error { return bad }))
	})
}

// A context.Canceled under a live ctx is an ordinary error.
func TestCanceledUnderALiveContext(t *testing.T) {
	canceled := tp.Throw[int](context.Canceled)
	got, err := operators.Catch(func(error) tp.Observable[int] { return tp.Just(7) })(canceled).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{7}, got)
	require.Equal(t, context.Canceled, operators.Merge(tp.Never[int]())(canceled).Drain(t.Context()))
	err = operators.Parallel(2, func(context.Context, int) (int, error) { return 0, context.Canceled })(tp.Just(1)).Drain(t.Context())
	require.Equal(t, context.Canceled, err)
}

func TestErrors(t *testing.T) {
	require.ErrorIs(t, tp.ErrBackpressureTimeout, tp.ErrTimeout)
	item := &tp.ItemError[int]{Item: 7, Err: errBoom}
	require.ErrorIs(t, item, errBoom)
	p := &tp.PanicError{Value: errBoom}
	require.ErrorIs(t, p, errBoom)
	require.False(t, errors.Is(&tp.PanicError{Value: "boom"}, errBoom))
	require.EqualError(t, &tp.PanicError{Value: "mine", Stage: "parse"}, "turbopipes: panic in parse: mine")
}

// An operator that goes on after a refusal does not reach the consumer again.
func TestConsumerIsNotReachedAgain(t *testing.T) {
	stubborn := tp.Lift("stubborn", func(ctx context.Context, in tp.Observable[int], emit func(int) bool) error {
		return in.Push(ctx, func(v int) bool { emit(v); return true })
	})
	calls := 0
	err := stubborn(tp.Just(1, 2, 3)).Each(t.Context(), func(int) error { calls++; return errBoom })
	require.Equal(t, errBoom, err)
	require.Equal(t, 1, calls)
	for range stubborn(tp.Just(1, 2, 3)).Seq(t.Context()) {
		break
	}
}

func ExampleObservable_Seq() {
	for v, err := range tp.Just("a", "b", "c").Seq(context.Background()) {
		if err != nil {
			fmt.Println(err)
		}
		fmt.Println(v)
		if v == "b" {
			break // everything is reaped before the loop ends
		}
	}
	// Output:
	// a
	// b
}

func ExampleObservable_Each() {
	err := tp.Range(1, 3).Each(context.Background(), func(v int) error {
		fmt.Println(v)
		return nil
	})
	fmt.Println(err)
	// Output:
	// 1
	// 2
	// 3
	// <nil>
}
