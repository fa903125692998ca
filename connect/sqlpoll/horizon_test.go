package sqlpoll

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestHorizon: a gap may be passed when a row after it has been visible for the wait, and
// the marks that say so are few.
func TestHorizon(t *testing.T) {
	h := horizon{wait: 16 * time.Second}
	at := func(s int) time.Time { return time.Unix(1000, 0).Add(time.Duration(s) * time.Second) }
	require.True(t, h.passes(4, 5))
	require.False(t, h.passes(4, 6))
	require.True(t, h.due(at(0)))
	h.note(at(0), 10)
	require.False(t, h.due(at(0)))
	require.True(t, h.due(at(1)))
	h.note(at(1), 10) // no more than is known
	h.note(at(2), 20)
	h.settle(at(15))
	require.False(t, h.passes(4, 6))
	h.settle(at(16))
	require.True(t, h.passes(4, 6))
	require.True(t, h.passes(4, 10))
	require.False(t, h.passes(4, 11))
	h.settle(at(18))
	require.True(t, h.passes(4, 20))
	require.False(t, h.passes(4, 22))
	for s, top := 20, int64(30); s < 200; s++ {
		if h.settle(at(s)); h.due(at(s)) {
			h.note(at(s), top)
		}
		require.LessOrEqual(t, len(h.marks), 17)
		want := int64(20)
		if s >= 36 { // the mark of 16 seconds ago
			want = top - 16
		}
		require.Equal(t, want, h.settled)
		top++
	}
	require.True(t, (&horizon{}).passes(4, 600))
}
