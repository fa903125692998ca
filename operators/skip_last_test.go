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

func TestSkipLast(t *testing.T) {
	op := operators.SkipLast[string](2)
	tptest.Doc(t, "skip_last.go", "SkipLast", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"fewer":             {"-a-|", "---|"},
		"as many":           {"-a-b-|", "-----|"},
		"one more":          {"-a-b-c|", "-----a|"},
		"in one instant":    {"(abcd)|", "(ab)--|"},
		"an error at first": {"#", "#"},
		"an error soon":     {"-a-b#", "----#"},
		"an error later":    {"-a-b-c#", "-----a#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	t.Run("none", func(t *testing.T) { tptest.Marbles(t, "-a-b|", operators.SkipLast[string](0), "-a-b|") })
	requireInvalid(t, operators.SkipLast[int](-1), "SkipLast: n is -1, want at least 0")
	requireDiscards(t, operators.SkipLast[int](3), discards{failure: 3, stop: 3})
}

// For every n, it drops the last items of the stream, and needs no more memory than for
// them.
func TestSkipLastCounts(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 8, 9, 63, 64, 65, 99, 100, 101, 1 << 30, math.MaxInt} {
		items, err := operators.SkipLast[int](n)(turbopipes.Range(0, 100)).Collect(t.Context())
		require.NoError(t, err)
		all, err := turbopipes.Range(0, max(0, 100-n)).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, all, items, "n: %d", n)
	}
}

func ExampleSkipLast() {
	file := turbopipes.Just("Ann,31", "Bob,27", "2 rows")
	rows := operators.SkipLast[string](1)(file)
	fmt.Println(rows.Collect(context.Background()))
	// Output: [Ann,31 Bob,27] <nil>
}

func BenchmarkSkipLast(b *testing.B) { benchmark(b, operators.SkipLast[int](100)) }
