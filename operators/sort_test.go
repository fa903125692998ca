package operators_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestSort(t *testing.T) {
	op := operators.Sort(alphabetical)
	limited := operators.Sort(alphabetical, operators.WithMaxItems(2))
	tptest.Doc(t, "sort.go", "Sort", op)
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		errs    []tptest.Option
	}{
		"empty":             {op, "--|", "--|", nil},
		"one":               {op, "-a-|", "---(a|)", nil},
		"sorted":            {op, "abc|", "---(abc|)", nil},
		"equal ones":        {op, "bab|", "---(abb|)", nil},
		"an error at first": {op, "#", "#", nil},
		"an error later":    {op, "-a-b#", "----#", nil},
		"within the limit":  {limited, "ba-|", "---(ab|)", nil},
		"over the limit":    {limited, "ba-c-|", "---#", []tptest.Option{tptest.Error(turbopipes.ErrOverflow)}},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.errs...) })
	}
	requireInvalid(t, operators.Sort[int](nil), "Sort: compare is nil")
	requireInvalid(t, operators.Sort(ascending, nil), "Sort: option 1 is nil")
	requireInvalid(t, operators.Sort(ascending, operators.WithMaxItems(0)), "Sort: WithMaxItems: n is 0, want at least 1")
	requirePanics(t, twice(operators.Sort(func(string, string) int { panic(errBoom) })))
}

func TestSortIsStable(t *testing.T) {
	items := make([][2]int, 1000)
	for i := range items {
		items[i] = [2]int{rand.IntN(5), i}
	}
	first := func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) }
	sorted, err := operators.Sort(first)(turbopipes.Just(items...)).Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, sorted, len(items))
	require.True(t, slices.IsSortedFunc(sorted, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) }))
}

func TestSortOverflows(t *testing.T) {
	s := operators.Sort(ascending, operators.WithMaxItems(3))(turbopipes.Range(0, 100)).Subscribe(t.Context(), turbopipes.Observer[int]{})
	require.EqualError(t, s.Wait(), "turbopipes: overflow: Sort: more than 3 items")
	require.EqualValues(t, 4, s.Stats().Discarded)
}

func ExampleSort() {
	versions := turbopipes.Just("v1.10.0", "v1.9.2", "v1.9.10")
	parse := func(v string) (n [3]int) { _, _ = fmt.Sscanf(v, "v%d.%d.%d", &n[0], &n[1], &n[2]); return n }
	ascending := operators.Sort(func(a, b string) int {
		x, y := parse(a), parse(b)
		return slices.Compare(x[:], y[:])
	})(versions)
	fmt.Println(ascending.Collect(context.Background()))
	// Output: [v1.9.2 v1.9.10 v1.10.0] <nil>
}

func BenchmarkSort(b *testing.B) {
	b.Run("sorted", func(b *testing.B) { benchmark(b, operators.Sort(ascending)) })
	b.Run("mixed", func(b *testing.B) {
		mixed := operators.Map(func(v int) int { return v * 40503 % 65536 })
		benchmark(b, turbopipes.Compose2(mixed, operators.Sort(ascending)))
	})
}
