package operators

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/scope"
)

// The first stream that has an item goes first, also if it has put its next item into
// its slot meanwhile. With so many streams, a quadratic cost would take minutes.
func TestRanks(t *testing.T) {
	const n = 200_000
	p := newPriorityStreams[int](scope.Open(t.Context(), "test"), n)
	for _, i := range rand.Perm(n) {
		p.slots[i] <- i
		p.filled(i)
		p.filled(i)
	}
	p.live = 0
	for i := range n {
		if v, ok, _ := p.first(); !ok || v != i {
			t.Fatal("wanted", i, "got", v, ok)
		}
		if i%2 == 0 { // its stream had one more in its hand
			p.slots[i] <- -i
			if v, ok, _ := p.first(); !ok || v != -i {
				t.Fatal("wanted", -i, "got", v, ok)
			}
		}
	}
	require.Empty(t, p.left())
	_, ok, over := p.first()
	require.False(t, ok)
	require.True(t, over)
}
