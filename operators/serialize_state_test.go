package operators

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A row has the ids in the order in which they come, the ids in the order in which they are
// emitted, the decision for each id, and the ids that still wait at the end.
func TestSeries(t *testing.T) {
	for name, c := range map[string]struct {
		ids    []int
		out    []int
		places []idPlace
		left   []int
	}{
		"none":                  {},
		"in order":              {[]int{1, 2, 3}, []int{1, 2, 3}, []idPlace{placeNow, placeNow, placeNow}, nil},
		"reversed":              {[]int{3, 2, 1}, []int{1, 2, 3}, []idPlace{placeWait, placeWait, placeNow}, nil},
		"a gap":                 {[]int{1, 4, 3}, []int{1}, []idPlace{placeNow, placeWait, placeWait}, []int{3, 4}},
		"below the first":       {[]int{0, -1, 1}, []int{1}, []idPlace{placeLate, placeLate, placeNow}, nil},
		"twice":                 {[]int{1, 1, 3, 3, 2, 3}, []int{1, 2, 3}, []idPlace{placeNow, placeLate, placeWait, placeLate, placeNow, placeLate}, nil},
		"too many":              {[]int{5, 4, 3, 2}, nil, []idPlace{placeWait, placeWait, placeWait, placeFull}, []int{3, 4, 5}},
		"one of too many fits":  {[]int{5, 4, 3, 1, 2}, []int{1, 2, 3, 4, 5}, []idPlace{placeWait, placeWait, placeWait, placeNow, placeNow}, nil},
		"twice is not too many": {[]int{5, 4, 3, 5}, nil, []idPlace{placeWait, placeWait, placeWait, placeLate}, []int{3, 4, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			s := idSeries[int]{next: 1, most: 3}
			var out []int
			var places []idPlace
			for _, id := range c.ids {
				p := s.put(id, id)
				if places = append(places, p); p != placeNow {
					continue
				}
				for v, ok := id, true; ok; v, ok = s.take() {
					out = append(out, v)
				}
			}
			require.Equal(t, c.out, out)
			require.Equal(t, c.places, places)
			require.Equal(t, c.left, s.rest())
		})
	}
}

// After the greatest int there is no next id, and no item waits.
func TestSeriesAtTheGreatestInt(t *testing.T) {
	s := idSeries[int]{next: math.MaxInt - 1, most: 3}
	require.Equal(t, placeWait, s.put(math.MaxInt, 1))
	require.Equal(t, placeNow, s.put(math.MaxInt-1, 0))
	v, ok := s.take()
	require.True(t, ok)
	require.Equal(t, 1, v)
	_, ok = s.take()
	require.False(t, ok)
	for _, id := range []int{math.MaxInt, math.MinInt, 0, math.MaxInt - 1} {
		require.Equal(t, placeLate, s.put(id, 2))
	}
	require.Empty(t, s.waiting)
}

// Any order comes out sorted, with as many waiting as is needed.
func TestSeriesRandom(t *testing.T) {
	for range 1000 {
		n := rand.IntN(20)
		s := idSeries[int]{most: n}
		var out []int
		for _, id := range rand.Perm(n) {
			if s.put(id, id) == placeNow {
				for v, ok := id, true; ok; v, ok = s.take() {
					out = append(out, v)
				}
			}
		}
		require.Len(t, out, n)
		require.True(t, slices.IsSorted(out), out)
		require.Empty(t, s.waiting)
	}
}
