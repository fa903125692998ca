package window

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// pull does what the feeder does for an item.
func (q *keys[T, K]) pull(k K, v T) (j job[T], runs bool) {
	j = job[T]{item: v, line: q.find(k)}
	if j.line == 0 {
		at, gone, evicts := q.open(k)
		q.note(k, at, gone, evicts)
		j.line = at
	}
	return j, q.begin(j)
}

// The model is a FIFO for each key, of which the first job is running. There are more
// keys than the index remembers.
func TestKeys(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var q keys[int, int]
	model := map[int][]job[int]{} // the first one is running
	running := 0
	waiting, peak := 0, 0
	for seq := range 100_000 {
		k := random.IntN(8)
		if random.IntN(8) == 0 {
			k = random.IntN(1000)
		}
		if random.IntN(2) == 0 && waiting < 20 {
			j, runs := q.pull(k, seq)
			require.Equal(t, len(model[k]) == 0, runs)
			if runs {
				running++
			} else {
				waiting++
				peak = max(peak, waiting)
			}
			model[k] = append(model[k], j)
		} else if len(model[k]) > 0 {
			after, ok := q.end(model[k][0].line)
			model[k] = model[k][1:]
			require.Equal(t, len(model[k]) > 0, ok)
			if ok {
				waiting--
				require.Equal(t, model[k][0], after)
			} else {
				running--
			}
		}
		require.Len(t, q.waiting(), waiting)
		require.LessOrEqual(t, len(q.index), reuseFrom+running)
		require.Len(t, q.lines, len(q.index))
	}
	require.LessOrEqual(t, len(q.nodes), peak, "nodes are used again")
	for k := range model {
		for ok := len(model[k]) > 0; ok; {
			_, ok = q.end(model[k][0].line)
		}
	}
	for at := q.takeIdle(); at != 0; at = q.takeIdle() {
		delete(q.index, q.lines[at-1].key)
	}
	require.Empty(t, q.index, "all lines are idle")
}

// Idle keys are forgotten when others come, and those that are used again last. Busy ones
// are not.
func TestKeysForgetIdleOnes(t *testing.T) {
	var q keys[int, int]
	use := func(k int) {
		j, runs := q.pull(k, k)
		require.True(t, runs)
		_, ok := q.end(j.line)
		require.False(t, ok)
	}
	use(-1)
	_, runs := q.pull(-1, -1)
	require.True(t, runs, "it was idle, and is busy from now on")
	for k := range 10 * reuseFrom {
		use(k)
		require.NotZero(t, q.find(0), "it is used again and again")
		use(0)
	}
	require.Len(t, q.lines, reuseFrom)
	require.Len(t, q.index, reuseFrom)
	require.Zero(t, q.find(1))
	_, runs = q.pull(-1, -1)
	require.False(t, runs)
}

// Lines that are busy are not forgotten.
func TestKeysKeepBusyOnes(t *testing.T) {
	var q keys[int, int]
	for k := range 2 * reuseFrom {
		_, runs := q.pull(k, k)
		require.True(t, runs)
	}
	require.Len(t, q.index, 2*reuseFrom)
	for k := range 2 * reuseFrom {
		_, runs := q.pull(k, k)
		require.False(t, runs)
	}
}
