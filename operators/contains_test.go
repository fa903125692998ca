package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestContains(t *testing.T) {
	op := verdict(operators.Contains("b"))
	tptest.Doc(t, "contains.go", "Contains", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--(f|)"},
		"none":              {"-a-c|", "----(f|)"},
		"in one instant":    {"(abc)#", "(t|)"},
		"an error at first": {"#", "#"},
		"an error before":   {"-a#", "--#"},
		"an error behind":   {"-b#", "-(t|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func ExampleContains() {
	roles := turbopipes.Just("reader", "admin")
	fmt.Println(operators.Contains("admin")(roles).Collect(context.Background()))
	// Output: [true] <nil>
}

func BenchmarkContains(b *testing.B) { benchmark(b, operators.Contains(-1)) }
