package operators

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A side wants an item until it has one. It is over when it has ended without an item.
func TestSide(t *testing.T) {
	var s zipSide[string]
	require.True(t, s.wants())
	require.False(t, s.over())

	require.False(t, s.has)

	s.receive("a", true)
	require.True(t, s.has)
	require.False(t, s.wants(), "it is held")
	require.False(t, s.over())

	require.Equal(t, "a", s.take())
	require.False(t, s.has)
	require.True(t, s.wants())

	s.receive("", false)
	require.False(t, s.wants())
	require.True(t, s.over())
}
