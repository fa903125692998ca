package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestSkip(t *testing.T) {
	op := operators.Skip[string](2)
	tptest.Doc(t, "skip.go", "Skip", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"fewer":             {"-a-|", "---|"},
		"as many":           {"-a-b-|", "-----|"},
		"an error at first": {"#", "#"},
		"an error soon":     {"-a#", "--#"},
		"an error later":    {"abc-#", "--c-#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	t.Run("none", func(t *testing.T) { tptest.Marbles(t, "-a-b|", operators.Skip[string](0), "-a-b|") })
	requireInvalid(t, operators.Skip[int](-1), "Skip: n is -1, want at least 0")
}

func ExampleSkip() {
	table := turbopipes.Just("name,age", "Ann,31", "Bob,27")
	rows := operators.Skip[string](1)(table)
	fmt.Println(rows.Collect(context.Background()))
	// Output: [Ann,31 Bob,27] <nil>
}

func BenchmarkSkip(b *testing.B) { benchmark(b, operators.Skip[int](1)) }
