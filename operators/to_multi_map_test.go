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

func TestToMultiMap(t *testing.T) {
	op := renamed(prints(operators.ToMultiMap(vowel)), map[string]string{"map[c:[b] v:[a e]]": "x", "map[]": "0", "map[v:[e a]]": "1"})
	tptest.Doc(t, "to_multi_map.go", "ToMultiMap", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--(0|)"},
		"in their order":    {"-e-a-|", "-----(1|)"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b#", "----#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.ToMultiMap[int, int](nil), "ToMultiMap: key is nil")
	requirePanics(t, operators.ToMultiMap(func(string) int { panic(errBoom) }))
}

func TestToMultiMapIsTheReceivers(t *testing.T) {
	o := operators.ToMultiMap(parity)(turbopipes.Range(0, 3))
	for range 2 {
		all, err := o.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []map[int][]int{{0: {0, 2}, 1: {1}}}, all)
		all[0][0][0] = 5
		all[0][7] = nil
	}
}

func TestToMultiMapUnhashableKey(t *testing.T) {
	err := operators.ToMultiMap(func(int) any { return []int{1} })(turbopipes.Just(1)).Drain(t.Context())
	p := (*turbopipes.PanicError)(nil)
	require.ErrorAs(t, err, &p)
}

func ExampleToMultiMap() {
	words := turbopipes.Just("rose", "is", "red", "so", "rare")
	byLength := operators.ToMultiMap(func(word string) int { return len(word) })(words)
	fmt.Println(byLength.Collect(context.Background()))
	// Output: [map[2:[is so] 3:[red] 4:[rose rare]]] <nil>
}

func BenchmarkToMultiMap(b *testing.B) {
	benchmark(b, operators.ToMultiMap(func(v int) int { return v % 16 }))
}
