package operators

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestShedQueue compares the queue with a slice that is searched.
func TestShedQueue(t *testing.T) {
	type waiting struct {
		item, rank int
		at         time.Time
	}
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 3))
		most := random.IntN(12) + 1
		q := shedQueue[int]{most: most, ranked: random.IntN(3) > 0}
		var model []waiting
		now := time.Unix(0, 0)
		for item := range 400 {
			now = now.Add(time.Duration(random.IntN(3)))
			if random.IntN(5) > 1 {
				next := waiting{item, random.IntN(4), now}
				if !q.ranked {
					next.rank = 0
				}
				lost, full := q.put(item, next.rank, now)
				model = append(model, next)
				require.Equal(t, len(model) > most, full)
				if full {
					lowest := slices.MinFunc(model, func(a, b waiting) int { return a.rank - b.rank }) // the first of equal ones
					require.Equal(t, lowest.item, lost)
					model = slices.DeleteFunc(model, func(w waiting) bool { return w.item == lost })
				}
				continue
			}
			oldest := now.Add(-time.Duration(random.IntN(20)))
			v, found, old := q.take(oldest)
			for _, o := range old {
				require.Equal(t, model[0].item, o)
				require.True(t, model[0].at.Before(oldest))
				model = model[1:]
			}
			require.Equal(t, len(model) > 0, found)
			if found {
				require.Equal(t, model[0].item, v)
				require.False(t, model[0].at.Before(oldest))
				model = model[1:]
			}
			require.LessOrEqual(t, len(q.cells), most+1)
		}
		left := q.left()
		require.Len(t, left, len(model))
		for i, v := range left {
			require.Equal(t, model[i].item, v)
		}
		for _, c := range q.cells {
			require.Zero(t, c, "it keeps nothing alive")
		}
		require.Empty(t, q.heap)
	}
}
