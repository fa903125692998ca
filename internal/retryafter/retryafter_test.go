package retryafter

import (
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for v, want := range map[string]time.Duration{
			"0": 0, "7": 7 * time.Second, " 3 ": 3 * time.Second, "18446744073709551615": math.MaxInt64 / time.Second * time.Second,
			time.Now().Add(time.Minute).UTC().Format(http.TimeFormat):  time.Minute,
			time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat): 0,
		} {
			got, ok := Of(http.Header{"Retry-After": {v}})
			require.True(t, ok, v)
			require.Equal(t, want, got, v)
		}
		for _, v := range []string{"", "-1", "1.5", "soon"} {
			_, ok := Of(http.Header{"Retry-After": {v}})
			require.False(t, ok, v)
		}
	})
	require.Equal(t, "1", Text(0))
	require.Equal(t, "2", Text(1001*time.Millisecond))
}
