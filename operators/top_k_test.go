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

func TestTopK(t *testing.T) {
	op := operators.TopK(2, alphabetical)
	tptest.Doc(t, "top_k.go", "TopK", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"fewer":             {"-a-|", "---(a|)"},
		"as many":           {"ab-|", "---(ba|)"},
		"ascending":         {"abcd|", "----(dc|)"},
		"descending":        {"dcba|", "----(dc|)"},
		"equal ones":        {"bab|", "---(bb|)"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b#", "----#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.TopK(0, ascending), "TopK: n is 0, want at least 1")
	requireInvalid(t, operators.TopK(-1, ascending), "TopK: n is -1, want at least 1")
	requireInvalid(t, operators.TopK[int](1, nil), "TopK: compare is nil")
	requirePanics(t, twice(operators.TopK(1, func(string, string) int { panic(errBoom) })))
}

// It is a stable sort that ends after k.
func TestTopKIsASort(t *testing.T) {
	greatest := func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) }
	for range 300 {
		items := make([][2]int, rand.IntN(60))
		for i := range items {
			items[i] = [2]int{rand.IntN(1 + rand.IntN(20)), i}
		}
		k := 1 + rand.IntN(70)
		want := slices.Clone(items)
		slices.SortStableFunc(want, func(a, b [2]int) int { return greatest(b, a) })
		got, err := operators.TopK(k, greatest)(turbopipes.Just(items...)).Collect(t.Context())
		require.NoError(t, err)
		require.ElementsMatch(t, want[:min(k, len(want))], got)
		require.True(t, slices.Equal(want[:min(k, len(want))], got), "%v of %v", got, items)
	}
}

func ExampleTopK() {
	type player struct {
		name  string
		score int
	}
	scores := turbopipes.Just(player{"ann", 7}, player{"bob", 9}, player{"cid", 3}, player{"dan", 9})
	best := operators.TopK(2, func(a, b player) int { return cmp.Compare(a.score, b.score) })(scores)
	fmt.Println(best.Collect(context.Background()))
	// Output: [{bob 9} {dan 9}] <nil>
}

func BenchmarkTopK(b *testing.B) {
	for _, k := range []int{1, 16, 256} {
		b.Run(fmt.Sprint("k=", k), func(b *testing.B) { benchmark(b, operators.TopK(k, ascending)) })
	}
}
