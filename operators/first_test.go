package operators_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestFirst(t *testing.T) {
	op := operators.First[string]()
	tptest.Doc(t, "first.go", "First", op)
	for name, c := range map[string]struct{ in, out string }{
		"one":               {"-a-|", "-(a|)"},
		"in one instant":    {"(ab)#", "(a|)"},
		"an error at first": {"-#", "-#"},
		"an error behind":   {"-a#", "-(a|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	t.Run("empty", func(t *testing.T) { tptest.Marbles(t, "--|", op, "--#", tptest.Error(turbopipes.ErrEmpty)) })
	require.EqualError(t, op(turbopipes.Empty[string]()).Drain(t.Context()), "turbopipes: empty: First")
}

func ExampleFirst() {
	mirrors := turbopipes.Just("eu.example.org", "us.example.org")
	fmt.Println(operators.First[string]()(mirrors).Collect(context.Background()))

	err := operators.First[string]()(turbopipes.Empty[string]()).Drain(context.Background())
	fmt.Println(errors.Is(err, turbopipes.ErrEmpty))
	// Output:
	// [eu.example.org] <nil>
	// true
}

// There is only one item: this is the cost of a subscription.
func BenchmarkFirst(b *testing.B) { benchmark(b, operators.First[int]()) }
