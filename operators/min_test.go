package operators_test

import (
	"cmp"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestMin(t *testing.T) {
	op := operators.Min(alphabetical)
	tptest.Doc(t, "min.go", "Min", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"one":               {"-b-|", "---(b|)"},
		"it comes first":    {"-a-b-|", "-----(a|)"},
		"it comes last":     {"-b-a-|", "-----(a|)"},
		"an error at first": {"#", "#"},
		"an error later":    {"-b-c#", "----#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Min[int](nil), "Min: compare is nil")
	requirePanics(t, twice(operators.Min(func(string, string) int { panic(errBoom) })))
}

func TestMinKeepsTheFirst(t *testing.T) {
	same := func(a, b int) int { return cmp.Compare(a/10, b/10) }
	items, err := operators.Min(same)(turbopipes.Just(51, 52, 53)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{51}, items)
}

func ExampleMin() {
	type item struct {
		name  string
		price int
	}
	menu := turbopipes.Just(item{"pie", 4}, item{"tea", 3}, item{"cake", 5}, item{"rusk", 3})
	cheapest := operators.Min(func(a, b item) int { return cmp.Compare(a.price, b.price) })(menu)
	fmt.Println(cheapest.Collect(context.Background()))
	// Output: [{tea 3}] <nil>
}

func BenchmarkMin(b *testing.B) { benchmark(b, operators.Min(cmp.Compare[int])) }
