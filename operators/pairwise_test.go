package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestPairwise(t *testing.T) {
	op := renamed(prints(operators.Pairwise[string]()), map[string]string{
		"{First:a Second:b}": "x", "{First:b Second:c}": "y",
	})
	tptest.Doc(t, "pairwise.go", "Pairwise", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":              {"--|", "--|"},
		"one":                {"-a-|", "---|"},
		"in an instant":      {"(abc)|", "(xy)-|"},
		"an error at first":  {"#", "#"},
		"an error later":     {"-a-b#", "---x#"},
		"an error after one": {"-a-#", "---#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func ExamplePairwise() {
	readings := turbopipes.Just(20, 23, 21)
	steps := operators.Map(func(p turbopipes.Pair[int, int]) int { return p.Second - p.First })(operators.Pairwise[int]()(readings))
	fmt.Println(steps.Collect(context.Background()))
	// Output: [3 -2] <nil>
}

func BenchmarkPairwise(b *testing.B) { benchmark(b, operators.Pairwise[int]()) }
