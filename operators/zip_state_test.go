package operators

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A side is open until it has an item, and over when it has ended without one.
func TestSide(t *testing.T) {
	s := side[string]{in: make(chan string)}
	require.NotNil(t, s.open())
	require.False(t, s.over())
	require.Zero(t, s.left())

	s.receive("a", true)
	require.Nil(t, s.open(), "it is held")
	require.False(t, s.over())
	require.EqualValues(t, 1, s.left())

	require.Equal(t, "a", s.take())
	require.NotNil(t, s.open())
	require.Zero(t, s.left())

	s.receive("", false)
	require.Nil(t, s.open())
	require.True(t, s.over())
	require.Zero(t, s.left())
}
