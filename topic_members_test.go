package turbopipes

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/hot"
)

// Against a model: a slice for each key, in the order in which they came.
func TestTopicMembers(t *testing.T) {
	type subscriber struct {
		hub    *hot.Hub[int]
		keys   []int
		places []member[int]
	}
	random := rand.New(rand.NewPCG(1, 2))
	topic := NewTopic[int, int]()
	var all []subscriber
	with := func(k int) (hubs []*hot.Hub[int]) {
		for _, s := range all {
			if slices.Contains(s.keys, k) || k < 0 && len(s.keys) == 0 {
				hubs = append(hubs, s.hub)
			}
		}
		return hubs
	}
	for range 5000 {
		if random.IntN(2) == 0 && len(all) < 50 {
			s := subscriber{hub: hot.New(hot.Config[int]{}), keys: random.Perm(6)[:random.IntN(4)]}
			s.places = topic.enter(s.keys, len(s.keys) == 0, s.hub)
			all = append(all, s)
		} else if len(all) > 0 {
			i := random.IntN(len(all))
			topic.leave(all[i].keys, all[i].places)
			all = slices.Delete(all, i, i+1)
		}
		for k := range 6 {
			require.Equal(t, with(k), topic.keyed[k].snapshot())
			require.Equal(t, len(with(k)) > 0, topic.keyed[k] != nil, "a key that nobody is subscribed to costs nothing")
		}
		require.Equal(t, with(-1), topic.every.snapshot())
		require.Len(t, topic.all.snapshot(), len(all))
	}
}

// What one subscriber costs does not grow with the others.
func TestTopicMembersLeave(t *testing.T) {
	const n = 100_000
	topic := NewTopic[int, int]()
	hub := hot.New(hot.Config[int]{})
	places := make([][]member[int], n)
	for i := range places {
		places[i] = topic.enter([]int{1}, false, hub)
	}
	require.Len(t, topic.keyed[1].snapshot(), n)
	for _, i := range rand.Perm(n) {
		topic.leave([]int{1}, places[i])
	}
	require.Empty(t, topic.keyed)
	require.Zero(t, topic.all)
}

// A key that is not equal to itself is not kept, and its subscribers are.
func TestTopicForgetsNaN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topic := NewTopic[float64, int]()
		for range 10 {
			s := topic.Subscribe(math.NaN(), math.NaN()).Subscribe(t.Context(), Observer[int]{})
			synctest.Wait()
			require.Empty(t, topic.keyed)
			require.Len(t, topic.all.snapshot(), 1)
			require.Empty(t, topic.every.snapshot())
			s.Dispose()
		}
		require.Zero(t, topic.all)
	})
}
