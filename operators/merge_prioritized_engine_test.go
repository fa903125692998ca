package operators

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/feed"
)

// The first stream that has an item goes first. With so many streams, a quadratic cost
// would take minutes.
func TestRanks(t *testing.T) {
	const n = 200_000
	m := feed.OpenMeet(t.Context(), "test")
	p := newPriorityStreams[int](m, n)
	for _, i := range rand.Perm(n) {
		require.True(t, p.accept(i, i))
	}
	for i := range n {
		if v, ok := p.first(); !ok || v != i {
			t.Fatal("wanted", i, "got", v, ok)
		}
		if i%2 == 0 { // its stream had one more in its hand
			p.accept(i, -i)
			if v, ok := p.first(); !ok || v != -i {
				t.Fatal("wanted", -i, "got", v, ok)
			}
		}
	}
	require.Empty(t, p.left())
	_, ok := p.first()
	require.False(t, ok)
	var err error
	m.Close(&err)
	require.NoError(t, err)
}
