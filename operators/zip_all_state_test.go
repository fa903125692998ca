package operators

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestZipping(t *testing.T) {
	z := zipAllRow[string]{row: newItemRow[string](2), ended: make([]bool, 2)}
	_, whole := z.arrived(streamEvent[string]{0, "a", true, nil})
	require.False(t, whole)
	require.Equal(t, []string{"a"}, z.row.left())
	_, whole = z.arrived(streamEvent[string]{from: 0})
	require.False(t, whole)
	require.False(t, z.over, "it has an item left")
	items, whole := z.arrived(streamEvent[string]{1, "b", true, nil})
	require.True(t, whole)
	require.Equal(t, []string{"a", "b"}, items)
	require.True(t, z.over, "the last one of the first is used")
	require.Empty(t, z.row.left())

	z = zipAllRow[string]{row: newItemRow[string](2), ended: make([]bool, 2)}
	z.arrived(streamEvent[string]{from: 1})
	require.True(t, z.over)
}
