package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestCount(t *testing.T) {
	op := prints(operators.Count[string]())
	tptest.Doc(t, "count.go", "Count", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--(0|)"},
		"one":               {"-a-|", "---(1|)"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b#", "----#"},
		"no end":            {"-a---", "-----!"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func ExampleCount() {
	lines := turbopipes.Just("ok", "failed: disk full", "ok", "failed: no route")
	failed := operators.Filter(func(line string) bool { return line != "ok" })(lines)
	fmt.Println(operators.Count[string]()(failed).Collect(context.Background()))
	// Output: [2] <nil>
}

func BenchmarkCount(b *testing.B) { benchmark(b, operators.Count[int]()) }
