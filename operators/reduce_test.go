package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestReduce(t *testing.T) {
	op := operators.Reduce("a", func(state, v string) string { return max(state, v) })
	tptest.Doc(t, "reduce.go", "Reduce", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty gives seed":  {"--|", "--(a|)"},
		"one":               {"-b-|", "---(b|)"},
		"an error at first": {"#", "#"},
		"an error later":    {"-b-c#", "----#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Reduce[int](0, nil), "Reduce: fn is nil")
	requirePanics(t, operators.Reduce(0, func(int, string) int { panic(errBoom) }))
}

func TestReduceBeginsAnew(t *testing.T) {
	sum := operators.Reduce(10, func(sum, v int) int { return sum + v })(turbopipes.Range(1, 3))
	for range 2 {
		items, err := sum.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{16}, items)
	}
}

func ExampleReduce() {
	words := turbopipes.Just("a", "rose", "is", "a", "rose")
	count := operators.Reduce(0, func(n int, word string) int { return n + len(word) })(words)
	fmt.Println(count.Collect(context.Background()))
	// Output: [12] <nil>
}

func BenchmarkReduce(b *testing.B) {
	benchmark(b, operators.Reduce(0, func(sum, v int) int { return sum + v }))
}
