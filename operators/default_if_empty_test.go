package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestDefaultIfEmpty(t *testing.T) {
	op := operators.DefaultIfEmpty("x")
	tptest.Doc(t, "default_if_empty.go", "DefaultIfEmpty", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty at once":     {"|", "(x|)"},
		"one":               {"-a-|", "-a-|"},
		"several":           {"-a-b|", "-a-b|"},
		"an error at first": {"-#", "-#"},
		"an error later":    {"-a#", "-a#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func ExampleDefaultIfEmpty() {
	arguments := turbopipes.Empty[string]()
	files := operators.DefaultIfEmpty("-")(arguments)
	fmt.Println(files.Collect(context.Background()))
	// Output: [-] <nil>
}

func BenchmarkDefaultIfEmpty(b *testing.B) { benchmark(b, operators.DefaultIfEmpty(0)) }
