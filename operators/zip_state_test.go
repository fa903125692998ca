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

	require.False(t, s.has)

	s.receive("a", true)
	require.True(t, s.has)
	require.Nil(t, s.open(), "it is held")
	require.False(t, s.over())

	require.Equal(t, "a", s.take())
	require.False(t, s.has)
	require.NotNil(t, s.open())

	s.receive("", false)
	require.Nil(t, s.open())
	require.True(t, s.over())
}
