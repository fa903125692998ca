package hot

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Against a model: a slice for each key, in the order in which they came.
func TestDirectory(t *testing.T) {
	type subscriber struct {
		hub    *Hub[int]
		keys   []int
		places []Member[int]
	}
	random := rand.New(rand.NewPCG(1, 2))
	directory := &Directory[int, int]{}
	var all []subscriber
	with := func(k int) (hubs []*Hub[int]) {
		for _, s := range all {
			if slices.Contains(s.keys, k) || k < 0 && len(s.keys) == 0 {
				hubs = append(hubs, s.hub)
			}
		}
		return hubs
	}
	for range 5000 {
		if random.IntN(2) == 0 && len(all) < 50 {
			s := subscriber{hub: New(Config[int]{}), keys: random.Perm(6)[:random.IntN(4)]}
			s.places = directory.Enter(s.keys, len(s.keys) == 0, s.hub)
			all = append(all, s)
		} else if len(all) > 0 {
			i := random.IntN(len(all))
			directory.Leave(all[i].keys, all[i].places)
			all = slices.Delete(all, i, i+1)
		}
		for k := range 6 {
			require.Equal(t, with(k), directory.keyed[k].snapshot())
			require.Equal(t, len(with(k)) > 0, directory.keyed[k] != nil, "a key that nobody is subscribed to costs nothing")
		}
		require.Equal(t, with(-1), directory.every.snapshot())
		require.Len(t, directory.all.snapshot(), len(all))
	}
}

// The cost of one subscriber does not grow with the number of others.
func TestDirectoryLeave(t *testing.T) {
	const n = 100_000
	directory := &Directory[int, int]{}
	hub := New(Config[int]{})
	places := make([][]Member[int], n)
	for i := range places {
		places[i] = directory.Enter([]int{1}, false, hub)
	}
	require.Len(t, directory.keyed[1].snapshot(), n)
	for _, i := range rand.Perm(n) {
		directory.Leave([]int{1}, places[i])
	}
	require.Empty(t, directory.keyed)
	require.Zero(t, directory.all)
}

// A key that is not equal to itself is not kept, and its subscribers are.
func TestDirectoryForgetsNaN(t *testing.T) {
	directory := &Directory[float64, int]{}
	for range 10 {
		keys := DistinctKeys([]float64{math.NaN(), math.NaN()})
		places := directory.Enter(keys, false, New(Config[int]{}))
		require.Empty(t, directory.keyed)
		require.Len(t, directory.all.snapshot(), 1)
		require.Empty(t, directory.every.snapshot())
		directory.Leave(keys, places)
	}
	require.Zero(t, directory.all)
	require.Equal(t, []float64{2, 1}, DistinctKeys([]float64{2, math.NaN(), 1, 2}))
}
