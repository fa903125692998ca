package operators

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// For all scripts: no item is lost, no slice is longer than n or empty, and no slice waits
// longer than d.
func TestTimedBufferExhaustively(t *testing.T) {
	const columns, d = 9, 3
	for n := 1; n <= 4; n++ {
		for pattern := range 1 << columns {
			b := timedBuffer[int]{d: d, n: n}
			var out []int
			check := func(now int, full []int) {
				if full == nil {
					return
				}
				require.NotEmpty(t, full)
				require.LessOrEqual(t, len(full), n)
				require.True(t, len(full) == n || now-full[0] == d, "%v at %d", full, now)
				require.LessOrEqual(t, now-full[0], d)
				out = append(out, full...)
			}
			var in []int
			for now := range columns {
				at := time.Duration(now)
				check(now, b.due(at))
				if pattern>>now&1 == 1 {
					in = append(in, now)
					check(now, b.item(now, at))
				}
				until, waits := b.deadline()
				require.Equal(t, len(b.items) > 0, waits)
				require.True(t, !waits || until > at)
			}
			require.Equal(t, in, append(out, b.take()...))
			require.Nil(t, b.take())
		}
	}
}
