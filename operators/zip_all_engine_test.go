package operators

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
)

func TestZipping(t *testing.T) {
	z := openZipAll(t.Context(), opt.Settings{}, []turbopipes.Observable[string]{turbopipes.Just("a"), turbopipes.Just("b", "c")})
	items, ok := z.next()
	require.True(t, ok)
	require.Equal(t, []string{"a", "b"}, items)
	_, ok = z.next()
	require.False(t, ok)
	require.True(t, z.over, "the last one of the first is used")
	require.NoError(t, z.err())
	var err error
	z.close(&err)
	require.NoError(t, err)
	require.True(t, z.Completed())
}
