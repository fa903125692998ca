package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestIsEmpty(t *testing.T) {
	op := verdict(operators.IsEmpty[string]())
	tptest.Doc(t, "is_empty.go", "IsEmpty", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--(t|)"},
		"empty at once":     {"|", "(t|)"},
		"in one instant":    {"(ab)#", "(f|)"},
		"an error at first": {"-#", "-#"},
		"an error behind":   {"-a#", "-(f|)"},
		"one without end":   {"---", "---"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func ExampleIsEmpty() {
	backlog := turbopipes.Empty[string]()
	fmt.Println(operators.IsEmpty[string]()(backlog).Collect(context.Background()))
	// Output: [true] <nil>
}

// There is only one item: this is the cost of a subscription.
func BenchmarkIsEmpty(b *testing.B) { benchmark(b, operators.IsEmpty[int]()) }
