package operators

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// For all streams, the output is their items in ascending order. Of equal items, the
// item of the stream with the lowest number comes first.
func TestHeads(t *testing.T) {
	type item struct{ v, from int }
	for range 500 {
		h := headHeap[item]{compare: func(a, b item) int { return cmp.Compare(a.v, b.v) }}
		streams := make([][]item, 1+rand.IntN(9))
		var want, got []item
		for from := range streams {
			for range rand.IntN(6) {
				streams[from] = append(streams[from], item{rand.IntN(8), from})
			}
			slices.SortFunc(streams[from], h.compare)
			want = append(want, streams[from]...)
		}
		slices.SortStableFunc(want, h.compare)
		next := func(from int) (v item, more bool) {
			if len(streams[from]) == 0 {
				return v, false
			}
			v, streams[from] = streams[from][0], streams[from][1:]
			return v, true
		}
		for from := range streams {
			if v, more := next(from); more {
				h.add(v, from)
			}
		}
		for !h.none() {
			held := len(h.left())
			v, from := h.take()
			require.Len(t, h.left(), held-1)
			got = append(got, v)
			h.refill(next(from))
		}
		require.Equal(t, want, got)
		require.Empty(t, h.left())
	}
}
