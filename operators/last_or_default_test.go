package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestLastOrDefault(t *testing.T) {
	op := operators.LastOrDefault("x")
	tptest.Doc(t, "last_or_default.go", "LastOrDefault", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty at once":     {"|", "(x|)"},
		"one":               {"-a-|", "---(a|)"},
		"several":           {"-a-b|", "----(b|)"},
		"an error at first": {"-#", "-#"},
		"an error later":    {"-a-b#", "----#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireDiscards(t, operators.LastOrDefault(0), discards{failure: 1})
}

func ExampleLastOrDefault() {
	checkpoints := turbopipes.Empty[int]()
	offset := operators.LastOrDefault(0)(checkpoints)
	fmt.Println(offset.Collect(context.Background()))
	// Output: [0] <nil>
}

func BenchmarkLastOrDefault(b *testing.B) { benchmark(b, operators.LastOrDefault(0)) }
