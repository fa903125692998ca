package operators_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestSum(t *testing.T) {
	op := numbers(operators.Sum[int]())
	tptest.Doc(t, "sum.go", "Sum", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--(0|)"},
		"one":               {"-7-|", "---(7|)"},
		"an error at first": {"#", "#"},
		"an error later":    {"-1-2#", "----#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func TestSumOfOtherTypes(t *testing.T) {
	bytes, err := operators.Sum[uint8]()(turbopipes.Just[uint8](200, 100)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []uint8{44}, bytes, "it wraps")
	floats, err := operators.Sum[float64]()(turbopipes.Just(0.5, 0.25)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []float64{0.75}, floats)
	times, err := operators.Sum[time.Duration]()(turbopipes.Just(time.Second, time.Minute)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []time.Duration{61 * time.Second}, times)
}

func ExampleSum() {
	cents := turbopipes.Just(1999, 499, 2000)
	fmt.Println(operators.Sum[int]()(cents).Collect(context.Background()))
	// Output: [4498] <nil>
}

func BenchmarkSum(b *testing.B) { benchmark(b, operators.Sum[int]()) }
