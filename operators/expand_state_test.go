package operators

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExpansion(t *testing.T) {
	e := expandState[string]{most: 1, mostWaiting: 2}
	is := func(begins, ok bool) func(bool, bool) {
		return func(gotBegins, gotOk bool) {
			t.Helper()
			require.Equal(t, begins, gotBegins)
			require.Equal(t, ok, gotOk)
		}
	}
	is(true, true)(e.item("a"))
	is(false, true)(e.item("b"))
	require.False(t, e.full())
	is(false, true)(e.item("c"))
	require.True(t, e.full())
	is(false, false)(e.item("d"))
	for _, want := range []string{"b", "c"} {
		next, ok := e.next()
		require.True(t, ok)
		require.Equal(t, want, next)
		require.Equal(t, 1, e.running)
	}
	_, ok := e.next()
	require.False(t, ok)
	require.Zero(t, e.running)

	all := expandState[int]{most: -1, mostWaiting: 1}
	for i := range 100 {
		is(true, true)(all.item(i))
	}
	require.Equal(t, 100, all.running)
}
