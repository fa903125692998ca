package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestFirstOrDefault(t *testing.T) {
	op := operators.FirstOrDefault("x")
	tptest.Doc(t, "first_or_default.go", "FirstOrDefault", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty at once":     {"|", "(x|)"},
		"one":               {"-a-|", "-(a|)"},
		"in one instant":    {"(ab)#", "(a|)"},
		"an error at first": {"-#", "-#"},
		"an error behind":   {"-a#", "-(a|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func ExampleFirstOrDefault() {
	configured := turbopipes.Empty[string]()
	port := operators.FirstOrDefault("8080")(configured)
	fmt.Println(port.Collect(context.Background()))
	// Output: [8080] <nil>
}

// There is only one item: this is the cost of a subscription.
func BenchmarkFirstOrDefault(b *testing.B) { benchmark(b, operators.FirstOrDefault(0)) }
