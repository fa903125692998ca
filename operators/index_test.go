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

func TestIndex(t *testing.T) {
	op := renamed(prints(operators.Index[string]()), map[string]string{
		"{Index:0 Value:a}": "x", "{Index:1 Value:b}": "y", "{Index:2 Value:c}": "z",
	})
	tptest.Doc(t, "index.go", "Index", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"in an instant":     {"(abc)|", "(xyz)|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b#", "-x-y#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func TestIndexBeginsAnew(t *testing.T) {
	o := operators.Index[string]()(turbopipes.Just("a"))
	for range 2 {
		items, err := o.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []turbopipes.Indexed[string]{{Index: 0, Value: "a"}}, items)
	}
}

func ExampleIndex() {
	lines := turbopipes.Just("package main", "import \"os\"", "func main() {}")
	_ = operators.Index[string]()(lines).Each(context.Background(), func(line turbopipes.Indexed[string]) error {
		_, err := fmt.Printf("%d: %s\n", line.Index+1, line.Value)
		return err
	})
	// Output:
	// 1: package main
	// 2: import "os"
	// 3: func main() {}
}

func BenchmarkIndex(b *testing.B) { benchmark(b, operators.Index[int]()) }
