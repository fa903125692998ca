package operators_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestUnbatch(t *testing.T) {
	batches := map[string][]string{"x": {"a", "b"}, "y": {}, "z": {"c"}}
	op := turbopipes.Compose2(operators.Map(func(v string) []string { return batches[v] }), operators.Unbatch[string]())
	tptest.Doc(t, "unbatch.go", "Unbatch", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"only empty ones":   {"-y-y|", "----|"},
		"a nil one":         {"-n-x---|", "---(ab)|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-x----z#", "-(ab)-c#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

// hundred are 100 items in one slice.
func hundred() []int { return make([]int, 100) }

// At an early end, the rest of a slice is counted, once.
func TestUnbatchDiscards(t *testing.T) {
	in := func() turbopipes.Observable[int] { return operators.Unbatch[int]()(silent(turbopipes.Just(hundred()))) }
	bubble(t, "downstream leaves", func(t *testing.T) {
		s := endedBy(t, operators.Take[int](30)(in()), 0, time.Second, itself)
		require.NoError(t, s.err)
		require.Len(t, s.items, 30)
		require.EqualValues(t, 70, s.stats.Discarded)
	})
	bubble(t, "disposal", func(t *testing.T) {
		s := endedBy(t, in(), time.Second, 9500*time.Millisecond, dispose)
		require.Len(t, s.items, 10)
		require.EqualValues(t, 90, s.stats.Discarded)
	})
	bubble(t, "a panic of downstream", func(t *testing.T) {
		bad := operators.Map(func(int) int { panic(errBoom) })
		s := endedBy(t, bad(in()), 0, time.Second, itself)
		require.ErrorIs(t, s.err, errBoom)
		require.EqualValues(t, 99, s.stats.Discarded)
	})
	bubble(t, "a graceful stop lets it out", func(t *testing.T) {
		s := endedBy(t, in(), time.Second, 9500*time.Millisecond, stop)
		require.True(t, s.completed)
		require.Len(t, s.items, 100)
		require.Zero(t, s.stats.Discarded)
	})
	bubble(t, "downstream swallows everything", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		reached := 0
		none := operators.Filter(func(int) bool {
			if reached++; reached == 10 {
				cancel(errBoom)
			}
			return false
		})
		s := none(operators.Unbatch[int]()(turbopipes.Just(make([]int, 1000)))).Subscribe(ctx, turbopipes.Observer[int]{})
		require.Equal(t, errBoom, s.Wait())
		require.Less(t, reached, 100)
		require.EqualValues(t, 1000-reached, s.Stats().Discarded)
	})
}

func ExampleUnbatch() {
	pages := turbopipes.Just([]string{"ann", "bob"}, []string{"cid"})
	fmt.Println(operators.Unbatch[string]()(pages).Collect(context.Background()))
	// Output: [ann bob cid] <nil>
}

func BenchmarkUnbatch(b *testing.B) {
	batch := make([]int, 16)
	benchmark(b, turbopipes.Compose2(operators.Map(func(int) []int { return batch }), operators.Unbatch[int]()))
}
