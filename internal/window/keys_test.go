package window

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The model is a FIFO for each key, of which the first job is running.
func TestKeys(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var q keys[int, int]
	model := map[int][]int{} // the first one is running
	seq, waiting, peak := 0, 0, 0
	for range 100_000 {
		k := random.IntN(8)
		if random.IntN(2) == 0 && waiting < 20 {
			seq++
			runs := q.begin(job[int, int]{item: seq, key: k})
			require.Equal(t, len(model[k]) == 0, runs)
			if !runs {
				waiting++
				peak = max(peak, waiting)
			}
			model[k] = append(model[k], seq)
		} else if len(model[k]) > 0 {
			after, ok := q.end(k)
			model[k] = model[k][1:]
			require.Equal(t, len(model[k]) > 0, ok)
			if ok {
				waiting--
				require.Equal(t, model[k][0], after.item)
			}
		}
		require.Len(t, q.waiting(), waiting)
	}
	require.LessOrEqual(t, len(q.nodes), peak, "nodes are used again")
	for k := range model {
		for ok := true; ok && len(model[k]) > 0; {
			_, ok = q.end(k)
		}
	}
	require.Empty(t, q.busy, "a key takes space only while it runs")
}

func TestKeysForgetNaN(t *testing.T) {
	var q keys[int, float64]
	for range 100 {
		require.True(t, q.begin(job[int, float64]{key: math.NaN()}))
		_, ok := q.end(math.NaN())
		require.False(t, ok)
	}
	require.Empty(t, q.busy)
}
