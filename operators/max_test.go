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

func TestMax(t *testing.T) {
	op := operators.Max(alphabetical)
	tptest.Doc(t, "max.go", "Max", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"one":               {"-b-|", "---(b|)"},
		"it comes first":    {"-b-a-|", "-----(b|)"},
		"it comes last":     {"-a-b-|", "-----(b|)"},
		"an error at first": {"#", "#"},
		"an error later":    {"-b-c#", "----#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Max[int](nil), "Max: compare is nil")
	requirePanics(t, twice(operators.Max(func(string, string) int { panic(errBoom) })))
}

func TestMaxKeepsTheFirst(t *testing.T) {
	same := func(a, b int) int { return cmp.Compare(a/10, b/10) }
	items, err := operators.Max(same)(turbopipes.Just(51, 52, 53)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{51}, items)
}

func ExampleMax() {
	type item struct {
		name  string
		price int
	}
	menu := turbopipes.Just(item{"pie", 4}, item{"tea", 3}, item{"cake", 5}, item{"rusk", 5})
	dearest := operators.Max(func(a, b item) int { return cmp.Compare(a.price, b.price) })(menu)
	fmt.Println(dearest.Collect(context.Background()))
	// Output: [{cake 5}] <nil>
}

func BenchmarkMax(b *testing.B) { benchmark(b, operators.Max(cmp.Compare[int])) }
