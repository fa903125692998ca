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

func TestReduceWith(t *testing.T) {
	op := operators.ReduceWith(func() string { return "a" }, func(state, v string) string { return max(state, v) })
	tptest.Doc(t, "reduce_with.go", "ReduceWith", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty gives the seed": {"--|", "--(a|)"},
		"one":                  {"-b-|", "---(b|)"},
		"an error at first":    {"#", "#"},
		"an error later":       {"-b-c#", "----#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	none := func() int { return 0 }
	requireInvalid(t, operators.ReduceWith[int](none, nil), "ReduceWith: fn is nil")
	requireInvalid(t, operators.ReduceWith(nil, plus), "ReduceWith: seed is nil")
	requirePanics(t, operators.ReduceWith(none, func(int, string) int { panic(errBoom) }))
	err := operators.ReduceWith(func() int { panic(errBoom) }, plus)(turbopipes.Just(1)).Drain(t.Context())
	require.ErrorIs(t, err, errBoom)
}

func ExampleReduceWith() {
	words := turbopipes.Just("a", "rose", "is", "a", "rose")
	counts := operators.ReduceWith(func() map[string]int { return map[string]int{} }, func(n map[string]int, word string) map[string]int {
		n[word]++
		return n
	})(words)
	fmt.Println(counts.Collect(context.Background()))
	// Output: [map[a:2 is:1 rose:2]] <nil>
}

func BenchmarkReduceWith(b *testing.B) {
	benchmark(b, operators.ReduceWith(func() int { return 0 }, plus))
}
