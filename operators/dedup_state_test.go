package operators

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// For all inputs, it remembers the same keys as a list that is searched from its start.
func TestRemembered(t *testing.T) {
	for _, capacity := range []int{1, 2, 3, 8, 9, 20} {
		for _, ttl := range []time.Duration{0, 1, 5, 40} {
			t.Run(fmt.Sprint(capacity, ttl), func(t *testing.T) {
				random := rand.New(rand.NewPCG(1, uint64(capacity)))
				r := recentKeys[int]{capacity: uint64(capacity), ttl: ttl}
				var list []datedKey[int]
				for now := time.Duration(0); now < 2000; now += time.Duration(random.IntN(3)) {
					k := random.IntN(2*capacity + 1)
					list = slices.DeleteFunc(list, func(d datedKey[int]) bool { return ttl > 0 && d.at+ttl <= now })
					known := slices.ContainsFunc(list, func(d datedKey[int]) bool { return d.key == k })
					require.Equal(t, !known, r.isNew(k, now), "%d at %d, known: %v", k, now, list)
					if !known {
						list = append(list, datedKey[int]{k, now})
						list = list[max(0, len(list)-capacity):]
					}
					require.Len(t, r.set, len(list))
					require.EqualValues(t, len(list), r.hi-r.lo)
				}
			})
		}
	}
}

// A NaN is never a repeat, and takes no memory.
func TestRememberedNaN(t *testing.T) {
	r := recentKeys[float64]{capacity: 2}
	require.True(t, r.isNew(1, 0))
	for range 10 {
		require.True(t, r.isNew(math.NaN(), 0))
	}
	require.False(t, r.isNew(1, 0), "nothing has displaced it")
	require.Len(t, r.set, 1)
}
