package operators

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/handoff"
)

// A full delay gets one more item, c. A row has the strategy, the lost item, the results of
// offer, and the items in the delay afterwards.
func TestDelayState(t *testing.T) {
	at := func(n int) time.Duration { return time.Duration(n) * time.Second }
	for name, c := range map[string]struct {
		overflow handoff.Overflow
		lost     string
		out      handoff.Outcome
		full     bool
		news     bool
		left     []string
	}{
		"blocks":           {handoff.Block, "", handoff.Stored, true, false, []string{"a", "b"}},
		"drops the newest": {handoff.DropNewest, "c", handoff.Dropped, false, false, []string{"a", "b"}},
		"drops the oldest": {handoff.DropOldest, "a", handoff.Dropped, false, false, []string{"b", "c"}},
		"fails":            {handoff.Fail, "c", handoff.Overflowed, false, false, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDelay[string](2, c.overflow)
			_, ok := d.Deadline()
			require.False(t, ok)
			for i, v := range []string{"a", "b"} {
				_, out, full, news := d.offer(v, at(3+i), at(i))
				require.Equal(t, handoff.Stored, out)
				require.False(t, full)
				require.Equal(t, i == 0, news, "the clock is set for the first")
			}
			lost, out, full, news := d.offer("c", at(5), at(2))
			require.Equal(t, c.lost, lost)
			require.Equal(t, c.out, out)
			require.Equal(t, c.full, full)
			require.Equal(t, c.news, news)
			require.Equal(t, c.left, d.Left())
		})
	}
	d := newDelay[string](9, handoff.Block)
	d.offer("a", at(3), at(0))
	d.offer("b", at(4), at(1))
	d.offer("c", at(5), at(2))
	_, ok := d.Next(at(2))
	require.False(t, ok)
	v, ok := d.Next(at(3))
	require.True(t, ok)
	require.Equal(t, "a", v)
	due, ok := d.Deadline()
	require.True(t, ok)
	require.Equal(t, at(4), due)
	require.False(t, d.Over())
	d.end(at(4), true)
	v, ok = d.Next(at(9))
	require.True(t, ok, "it was due when it failed")
	require.Equal(t, "b", v)
	_, ok = d.Next(at(9))
	require.False(t, ok)
	require.True(t, d.Over())
	require.Equal(t, []string{"c"}, d.Left())
}

// At its time an item has left the delay if downstream waits for it, but not if
// downstream is busy.
func TestDelayStateMakesRoomInTime(t *testing.T) {
	at := func(n int) time.Duration { return time.Duration(n) * time.Second }
	for _, waits := range []bool{true, false} {
		d := newDelay[string](1, handoff.DropOldest)
		d.offer("a", at(3), at(0))
		if waits {
			_, ok := d.Next(at(0))
			require.False(t, ok)
		}
		lost, _, full, news := d.offer("b", at(6), at(3))
		require.False(t, full)
		require.True(t, news)
		if !waits {
			require.Equal(t, "a", lost)
			continue
		}
		require.Empty(t, lost)
		lost, _, _, _ = d.offer("c", at(9), at(6))
		require.Equal(t, "b", lost, "it has one item to be busy with")
		v, ok := d.Next(at(6))
		require.True(t, ok)
		require.Equal(t, "a", v)
		require.Equal(t, []string{"c"}, d.Left())
	}
}
