package operators_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestDistinctUntilChanged(t *testing.T) {
	op := operators.DistinctUntilChanged(operators.Self[string])
	tptest.Doc(t, "distinct_until_changed.go", "DistinctUntilChanged", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"one":               {"-a-|", "-a-|"},
		"all the same":      {"a-a-a|", "a----|"},
		"none the same":     {"a-b-a|", "a-b-a|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-aab#", "-a-b#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	byCase := operators.DistinctUntilChanged(strings.ToLower)
	t.Run("the first of a key", func(t *testing.T) { tptest.Marbles(t, "aABba|", byCase, "a-B-a|") })
	requireInvalid(t, operators.DistinctUntilChanged[int, int](nil), "DistinctUntilChanged: key is nil")
	requirePanics(t, operators.DistinctUntilChanged(func(string) int { panic(errBoom) }))
}

// The first item has no item before it, so no key makes it equal, not even a zero key.
func TestDistinctUntilChangedZeroFirst(t *testing.T) {
	items, err := operators.DistinctUntilChanged(operators.Self[float64])(turbopipes.Just(0, 0, math.NaN(), math.NaN())).Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, items, 3, "a NaN equals nothing")
	require.Zero(t, items[0])
}

func ExampleDistinctUntilChanged() {
	readings := turbopipes.Just(20.1, 20.4, 20.2, 21.3, 21.1, 20.9)
	degree := operators.DistinctUntilChanged(func(c float64) int { return int(c) })(readings)
	fmt.Println(degree.Collect(context.Background()))
	// Output: [20.1 21.3 20.9] <nil>
}

func BenchmarkDistinctUntilChanged(b *testing.B) {
	benchmark(b, operators.DistinctUntilChanged(operators.Self[int]))
}
