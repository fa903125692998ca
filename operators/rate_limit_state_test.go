package operators

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A row has a rate of n tokens per time, the burst, and a list of items. Times are in
// nanoseconds.
func TestBucket(t *testing.T) {
	type item struct {
		at, tokens int           // the time when it comes, and its cost
		wait       time.Duration // the time that it must wait
	}
	for name, c := range map[string]struct {
		n     int
		per   time.Duration
		burst int
		items []item
	}{
		"evenly":                 {1, 10, 1, []item{{0, 1, 0}, {0, 1, 10}, {5, 1, 15}, {30, 1, 0}, {31, 1, 9}}},
		"rounded up, in the sum": {3, 10, 1, []item{{0, 1, 0}, {0, 1, 4}, {0, 1, 7}, {0, 1, 10}, {0, 1, 14}}},
		"a part is not full yet": {3, 10, 1, []item{{0, 1, 0}, {3, 1, 1}, {4, 1, 3}}},
		"a store":                {1, 10, 3, []item{{0, 1, 0}, {0, 2, 0}, {0, 1, 10}, {0, 1, 20}}},
		"a dear one":             {1, 10, 3, []item{{0, 7, 0}, {0, 1, 50}, {100, 3, 0}}},
		"nothing":                {1, 10, 1, []item{{0, 1, 0}, {0, 0, 0}, {0, -7, 0}, {0, 1, 10}}},
		"faster than the clock":  {7, 1, 1, []item{{0, 1, 0}, {0, 1, 1}, {1, 6, 0}, {1, 1, 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTokenBucket(c.n, c.per, c.burst)
			for i, item := range c.items {
				require.Equal(t, item.wait, b.take(item.tokens, time.Unix(0, int64(item.at))), "item %d", i)
			}
		})
	}
}

// Huge arguments wait for ever, and do not overflow.
func TestBucketSaturates(t *testing.T) {
	b := newTokenBucket(1, math.MaxInt64, math.MaxInt)
	require.Zero(t, b.take(math.MaxInt/4, time.Now()))
	for range 9 {
		require.GreaterOrEqual(t, b.take(math.MaxInt, time.Now()), time.Duration(0))
	}
	b = newTokenBucket(1, math.MaxInt64, 1)
	require.Zero(t, b.take(math.MaxInt, time.Now()))
	for range 9 {
		require.Greater(t, b.take(math.MaxInt, time.Now()), 50*365*24*time.Hour)
	}
}
