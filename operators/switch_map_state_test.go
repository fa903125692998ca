package operators

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewestItem(t *testing.T) {
	n := newSwitch[string]()
	require.True(t, n.accept("a"))
	require.True(t, n.accept("b"))
	require.EqualValues(t, 1, n.left(), "a was overtaken")
	v, turn, ok := n.next(t.Context())
	require.True(t, ok)
	require.Equal(t, "b", v)
	require.Zero(t, n.left())
	require.True(t, n.is(turn))

	own, cancel := context.WithCancelCause(t.Context())
	n.running(turn, cancel)
	require.NoError(t, own.Err())
	require.True(t, n.accept("c"))
	require.False(t, n.is(turn), "from the moment at which c was accepted")
	require.Equal(t, errSwitched, context.Cause(own))

	_, turn, ok = n.next(t.Context())
	require.True(t, ok)
	require.True(t, n.accept("d"))
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
	n.accept(1)
	_, _, ok = n.next(ctx)
	require.False(t, ok, "nothing new begins")
	require.EqualValues(t, 1, n.left())
}
