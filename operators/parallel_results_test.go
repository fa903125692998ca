package operators_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// resultsOf are the results of the diagrams: of each letter, itself.
func resultsOf(letters string) map[string]turbopipes.Result[string] {
	all := map[string]turbopipes.Result[string]{}
	for _, l := range letters {
		all[string(l)] = turbopipes.Result[string]{Value: string(l)}
	}
	return all
}

func TestParallelResults(t *testing.T) {
	doc := tptest.DocDiagram(t, "parallel_results.go", "ParallelResults")
	tptest.Run(t, func(s *tptest.Scenario) {
		in := tptest.Cold[string](s, doc["in"], nil)
		tptest.Expect(s, operators.ParallelResults(2, timedTask)(in), doc["out"], resultsOf("abc"))
	})
	synctest.Test(t, func(t *testing.T) {
		got, err := operators.ParallelResults(2, func(_ context.Context, v int) (int, error) {
			switch v {
			case 1:
				return 0, errBoom
			case 2:
				panic(errLate)
			}
			return v, nil
		}, operators.Ordered())(turbopipes.Range(0, 4)).Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, got, 4)
		require.Equal(t, turbopipes.Result[int]{Value: 0}, got[0])
		require.ErrorIs(t, got[1].Err, errBoom)
		require.ErrorIs(t, got[2].Err, errLate)
		var item *turbopipes.ItemError[int]
		require.ErrorAs(t, got[2].Err, &item)
		require.Equal(t, 2, item.Item)
		require.Equal(t, turbopipes.Result[int]{Value: 3}, got[3])
	})
}

// The consumer handles errors item by item.
func TestParallelResultsConsumerDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a alive
		o := operators.ParallelResults(3, func(ctx context.Context, v int) (int, error) {
			if v < 2 {
				return 0, fmt.Errorf("%w %d", errBoom, v)
			}
			return a.blocked(ctx, v)
		})(turbopipes.Range(0, 100))
		seen := 0
		err := o.Each(t.Context(), func(r turbopipes.Result[int]) error {
			if seen++; seen < 2 {
				return nil // swallowed
			}
			return r.Err
		})
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, 2, seen)
		a.requireReaped(t)
	})
}

// A task that was cancelled because of another one has no result: its input is lost.
func TestParallelResultsVictims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lost []any
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errBoom) })
		wait := func(ctx context.Context, v int) (int, error) {
			<-ctx.Done()
			return 0, fmt.Errorf("task %d: %w", v, ctx.Err())
		}
		err := operators.ParallelResults(5, wait, operators.OnDiscard(func(v any) { lost = append(lost, v) }))(turbopipes.Range(0, 9)).Drain(ctx)
		require.Equal(t, errBoom, err)
		require.ElementsMatch(t, []any{0, 1, 2, 3, 4, 5}, lost, "and the item in upstream's hand")
	})
}

func TestParallelResultsUpstreamFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := operators.ParallelResults(5, identity)(turbopipes.Throw[int](errBoom)).Collect(t.Context())
		require.Equal(t, errBoom, err)
		exits := func(context.Context, int) (int, error) { runtime.Goexit(); return 0, nil }
		require.Equal(t, turbopipes.ErrGoexit, operators.ParallelResults(5, exits)(turbopipes.Just(1)).Drain(t.Context()))
	})
}

func ExampleParallelResults() {
	parse := func(_ context.Context, s string) (n int, err error) {
		_, err = fmt.Sscan(s, &n)
		return n, err
	}
	results := operators.ParallelResults(4, parse, operators.Ordered())(turbopipes.Just("1", "two", "3"))
	_ = results.Each(context.Background(), func(r turbopipes.Result[int]) error {
		var bad *turbopipes.ItemError[string]
		if errors.As(r.Err, &bad) {
			fmt.Println("not a number:", bad.Item)
			return nil // the others go on
		}
		fmt.Println(r.Value)
		return nil
	})
	// Output:
	// 1
	// not a number: two
	// 3
}

func BenchmarkParallelResults(b *testing.B) {
	const items = 1 << 14
	o := operators.ParallelResults(8, identity)(turbopipes.Range(0, items))
	b.ReportAllocs()
	for b.Loop() {
		_ = o.Drain(b.Context())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/items, "ns/item")
}
