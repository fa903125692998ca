package operators_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestAverage(t *testing.T) {
	op := numbers(operators.Average[int]())
	tptest.Doc(t, "average.go", "Average", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"one":               {"-7-|", "---(7|)"},
		"an error at first": {"#", "#"},
		"an error later":    {"-1-2#", "----#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func TestAverageOfExtremes(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for name, c := range map[string]struct {
		of   []float64
		want float64
	}{
		"great ones":          {[]float64{math.MaxFloat64, math.MaxFloat64, math.MaxFloat64}, math.MaxFloat64},
		"opposites":           {[]float64{math.MaxFloat64, -math.MaxFloat64}, 0},
		"an infinity":         {[]float64{inf, 1, 2}, inf},
		"an infinity at last": {[]float64{1, 2, -inf}, -inf},
		"both infinities":     {[]float64{1, inf, -inf}, nan},
		"no number":           {[]float64{1, nan, 2}, nan},
		"the same ones":       {[]float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, 0.1},
		"halves":              {[]float64{1, 2}, 1.5},
	} {
		t.Run(name, func(t *testing.T) {
			means, err := operators.Average[float64]()(turbopipes.Just(c.of...)).Collect(t.Context())
			require.NoError(t, err)
			require.Len(t, means, 1)
			if math.IsNaN(c.want) {
				require.True(t, math.IsNaN(means[0]), "%v", means)
			} else {
				require.Equal(t, c.want, means[0])
			}
		})
	}
	means, err := operators.Average[int]()(turbopipes.Just(math.MaxInt, math.MaxInt)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []float64{math.MaxInt}, means)
	means, err = operators.Average[int8]()(turbopipes.Just[int8](-128, -127)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []float64{-127.5}, means)
}

func ExampleAverage() {
	milliseconds := turbopipes.Just(120, 80, 95, 105)
	fmt.Println(operators.Average[int]()(milliseconds).Collect(context.Background()))
	// Output: [100] <nil>
}

func BenchmarkAverage(b *testing.B) { benchmark(b, operators.Average[int]()) }
