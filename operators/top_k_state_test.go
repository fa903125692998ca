package operators

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// For all streams of up to seven items of three ranks, and for each k: the kept items are
// the first k items of a stable sort.
func TestTop(t *testing.T) {
	byRank := func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) }
	for length := range 8 {
		streams := 1
		for range length {
			streams *= 3
		}
		for stream := range streams {
			items := make([][2]int, length)
			for i, rest := 0, stream; i < length; i, rest = i+1, rest/3 {
				items[i] = [2]int{rest % 3, i}
			}
			want := slices.Clone(items)
			slices.SortStableFunc(want, func(a, b [2]int) int { return byRank(b, a) })
			for k := 1; k <= length+1; k++ {
				kept := topHeap[[2]int]{k: k, compare: byRank}
				for _, v := range items {
					kept.add(v)
					if len(kept.heap) > k {
						t.Fatal("more than k are held")
					}
				}
				if got := kept.descending(); !slices.Equal(got, want[:min(k, length)]) {
					require.Equal(t, want[:min(k, length)], got, "k %d of %v", k, items)
				}
			}
		}
	}
}
