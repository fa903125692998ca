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

func TestElementAt(t *testing.T) {
	op := operators.ElementAt[string](2)
	tptest.Doc(t, "element_at.go", "ElementAt", op)
	for name, c := range map[string]struct{ in, out string }{
		"the last one":            {"a-b-c|", "----(c|)"},
		"in one instant":          {"-(abcd)|", "-(c|)"},
		"an error at first":       {"#", "#"},
		"an error before":         {"a-b-#", "----#"},
		"an error behind":         {"a-b-c#", "----(c|)"},
		"one that has no end yet": {"a-b---", "-------"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	for name, c := range map[string]struct{ in, out string }{
		"empty":     {"--|", "--#"},
		"too short": {"a-b-|", "----#"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Marbles(t, c.in, op, c.out, tptest.Error(turbopipes.ErrIndexOutOfRange))
		})
	}
	t.Run("the first", func(t *testing.T) { tptest.Marbles(t, "-a-b|", operators.ElementAt[string](0), "-(a|)") })
	require.EqualError(t, op(turbopipes.Just("a", "b")).Drain(t.Context()), "turbopipes: index out of range: ElementAt: index 2, and 2 items")
	requireInvalid(t, operators.ElementAt[int](-1), "ElementAt: i is -1, want at least 0")
}

func ExampleElementAt() {
	podium := turbopipes.Just("gold", "silver", "bronze")
	fmt.Println(operators.ElementAt[string](1)(podium).Collect(context.Background()))
	// Output: [silver] <nil>
}

func BenchmarkElementAt(b *testing.B) { benchmark(b, operators.ElementAt[int](1000)) }
