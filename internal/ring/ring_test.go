package ring

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A ring of any size behaves like a slice: first in, first out.
func TestRing(t *testing.T) {
	for _, most := range []uint64{1, 2, 7, 8, 9, 64, 1000} {
		var r Ring[uint64]
		var lo, hi uint64
		for hi < 5*most {
			for hi-lo < most {
				r.Grow(lo, hi)
				*r.At(hi) = hi
				hi++
			}
			for n := (hi*7)%most + 1; n > 0 && lo < hi; n-- {
				require.Equal(t, lo, r.Take(lo))
				require.Zero(t, *r.At(lo), "kept alive")
				lo++
			}
		}
	}
}

func TestRingGrowsToWhatIsUsed(t *testing.T) {
	var r Ring[int]
	for i := range uint64(1000) {
		r.Grow(i, i)
		*r.At(i) = 1
		r.Take(i)
	}
	require.Len(t, r.cells, minCells)
}
