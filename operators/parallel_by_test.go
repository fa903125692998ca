package operators_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestParallelBy(t *testing.T) {
	op := operators.ParallelBy(3, operators.Self[string], func(ctx context.Context, v string) (string, error) {
		d := time.NewTimer(3 * tptest.Step)
		defer d.Stop()
		select {
		case <-d.C:
			return v, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
	tptest.Doc(t, "parallel_by.go", "ParallelBy", op)
}

// docs/faults.md, row 18
func TestParallelByHotKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held, peak, next := 0, 0, 0
		src := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			for i := range 50 {
				if !emit(i) {
					return nil
				}
				synctest.Wait()
				held++
				peak = max(peak, held)
			}
			return nil
		})
		hot := func(int) int { return 0 }
		err := operators.ParallelBy(4, hot, func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Second)
			return v, nil
		})(src).Each(t.Context(), func(v int) error {
			require.Equal(t, next, v)
			next++
			held--
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 50, next)
		require.LessOrEqual(t, peak, 4+1)

		var lost []any
		err = operators.ParallelBy(4, hot, func(context.Context, int) (int, error) {
			time.Sleep(time.Second)
			return 0, errBoom
		}, operators.OnDiscard(func(v any) { lost = append(lost, v) }))(turbopipes.Range(0, 50)).Drain(t.Context())
		require.Equal(t, errBoom, err)
		require.Equal(t, []any{1, 2, 3, 4}, lost, "what waits for its key is accounted for")
	})
}

// A hot key that fills the window makes the other keys wait. A hot key that does not
// fill it does not.
func TestParallelByOtherKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		items := turbopipes.Just("a1", "a2", "a3", "b1", "c1", "a4", "d1")
		var got []string
		err := operators.ParallelBy(3, func(v string) byte { return v[0] }, func(_ context.Context, v string) (string, error) {
			time.Sleep(10 * time.Second)
			return v, nil
		}, operators.Buffered(4))(items).Each(t.Context(), func(v string) error {
			got = append(got, fmt.Sprint(v, "@", time.Since(begin)))
			return nil
		})
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"a1@10s", "b1@10s", "c1@10s", "d1@20s", "a2@20s", "a3@30s", "a4@40s"}, got)
	})
}

// docs/faults.md, row 18
func TestParallelByBadKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := turbopipes.Range(0, 50)
		err := operators.ParallelBy(4, func(int) int { panic(errBoom) }, identity)(src).Drain(t.Context())
		require.ErrorIs(t, err, errBoom)

		err = operators.ParallelBy(4, func(v int) any { return []int{v} }, identity)(src).Drain(t.Context())
		var p *turbopipes.PanicError
		require.ErrorAs(t, err, &p, "a key that can't be hashed")

		begin := time.Now()
		got, err := operators.ParallelBy(5, func(int) float64 { return math.NaN() }, func(_ context.Context, v int) (int, error) {
			time.Sleep(time.Second)
			return v, nil
		})(src).Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, got, 50)
		require.Equal(t, 10*time.Second, time.Since(begin), "a NaN waits for no other")
	})
}

func ExampleParallelBy() {
	type event struct {
		user   string
		amount int
	}
	events := turbopipes.Just(event{"ann", 1}, event{"bob", 10}, event{"ann", 2}, event{"ann", 3})
	balance := map[string]*int{"ann": new(int), "bob": new(int)} // one task per key at a time: no lock
	book := func(_ context.Context, e event) (event, error) {
		*balance[e.user] += e.amount
		return e, nil
	}
	booked := operators.ParallelBy(8, func(e event) string { return e.user }, book)(events)
	fmt.Println(booked.Drain(context.Background()), *balance["ann"], *balance["bob"])
	// Output: <nil> 6 10
}

func BenchmarkParallelBy(b *testing.B) {
	const items = 1 << 14
	for _, keys := range []int{1, 16, 1 << 14} {
		b.Run(fmt.Sprint("keys=", keys), func(b *testing.B) {
			o := operators.ParallelBy(8, func(v int) int { return v % keys }, identity)(turbopipes.Range(0, items))
			b.ReportAllocs()
			for b.Loop() {
				_ = o.Drain(b.Context())
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/items, "ns/item")
		})
	}
}
