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

// vowel is v, c or z.
func vowel(v string) string {
	switch v {
	case "a", "e", "i", "o", "u":
		return "v"
	}
	return "c"
}

func TestToMap(t *testing.T) {
	op := renamed(prints(operators.ToMap(vowel)), map[string]string{"map[c:c v:a]": "x", "map[]": "0", "map[v:e]": "1"})
	tptest.Doc(t, "to_map.go", "ToMap", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":              {"--|", "--(0|)"},
		"the last one stays": {"-a-e-|", "-----(1|)"},
		"an error at first":  {"#", "#"},
		"an error later":     {"-a-b#", "----#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.ToMap[int, int](nil), "ToMap: key is nil")
	requirePanics(t, operators.ToMap(func(string) int { panic(errBoom) }))
}

func TestToMapIsTheReceivers(t *testing.T) {
	o := operators.ToMap(operators.Self[int])(turbopipes.Range(0, 2))
	for range 2 {
		all, err := o.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []map[int]int{{0: 0, 1: 1}}, all)
		all[0][5] = 5
	}
	all, err := operators.ToMap(operators.Self[int])(turbopipes.Empty[int]()).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []map[int]int{{}}, all)
}

func TestToMapUnhashableKey(t *testing.T) {
	err := operators.ToMap(func(int) any { return []int{1} })(turbopipes.Just(1)).Drain(t.Context())
	p := (*turbopipes.PanicError)(nil)
	require.ErrorAs(t, err, &p)
}

func ExampleToMap() {
	type user struct {
		id   int
		name string
	}
	users := turbopipes.Just(user{1, "ann"}, user{2, "bob"})
	byID := operators.ToMap(func(u user) int { return u.id })(users)
	fmt.Println(byID.Collect(context.Background()))
	// Output: [map[1:{1 ann} 2:{2 bob}]] <nil>
}

func BenchmarkToMap(b *testing.B) {
	benchmark(b, operators.ToMap(func(v int) int { return v % 16 }))
}
