package operators

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewestItem(t *testing.T) {
	n := newSwitch[string]()
	_, replaced := n.put("a")
	require.False(t, replaced)
	old, replaced := n.put("b")
	require.True(t, replaced)
	require.Equal(t, "a", old)
	v, turn, ok := n.next(t.Context())
	require.True(t, ok)
	require.Equal(t, "b", v)
	require.Empty(t, n.left())
	require.True(t, n.is(turn))

	own, cancel := context.WithCancelCause(t.Context())
	n.running(turn, cancel)
	require.NoError(t, own.Err())
	n.put("c")
	require.False(t, n.is(turn), "from the moment at which c was accepted")
	require.Equal(t, errSwitched, context.Cause(own))

	_, turn, ok = n.next(t.Context())
	require.True(t, ok)
	n.put("d")
	late, cancel := context.WithCancelCause(t.Context())
	n.running(turn, cancel)
	require.Equal(t, errSwitched, context.Cause(late), "d came before it ran")

	n.close()
	v, _, ok = n.next(t.Context())
	require.True(t, ok, "what waits comes before the end")
	require.Equal(t, "d", v)
	_, _, ok = n.next(t.Context())
	require.False(t, ok)
}

func TestNewestItemWhenCancelled(t *testing.T) {
	n := newSwitch[int]()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, ok := n.next(ctx)
	require.False(t, ok)
	n.put(1)
	_, _, ok = n.next(ctx)
	require.False(t, ok, "nothing new begins")
	require.Len(t, n.left(), 1)
}
