package operators

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// For all scripts, however late the subscriber asks: each item is emitted at most once, in
// order, and never in the same window as another item. The promises of the options about
// first and last items are kept.
func TestThrottleStateExhaustively(t *testing.T) {
	const columns = 10
	at := func(n int) time.Duration { return time.Duration(n) }
	for _, o := range []throttleOptions{
		{Window: 3, Leading: true, Reopens: true},
		{Window: 3, Leading: true, Trailing: true, Reopens: true},
		{Window: 3, Trailing: true, Reopens: true},
		{Window: 3, Trailing: true},
	} {
		for pattern := range 1 << columns {
			s := throttle[int]{throttleOptions: o}
			var in, out, when []int
			for now := 0; ; now++ {
				if now < columns && pattern>>now&1 == 1 {
					in = append(in, now)
					s.item(now, at(now))
				}
				if now == columns {
					s.end(at(now), false)
				}
				v, ok := s.Next(at(now))
				if ok {
					out, when = append(out, v), append(when, now)
					continue
				}
				if s.Over() {
					break
				}
				if deadline, waits := s.Deadline(); waits {
					require.True(t, deadline > at(now), "Next was asked")
				}
				require.Less(t, now, columns+4)
			}
			require.Empty(t, s.Left())
			require.True(t, slices.IsSorted(out) && len(slices.Compact(slices.Clone(out))) == len(out), "%v of %v", out, in)
			for i, v := range out {
				require.Contains(t, in, v)
				if i > 0 && o.Reopens {
					require.GreaterOrEqual(t, when[i]-when[i-1], 3, "%v at %v", out, when)
				}
				require.True(t, o.Trailing || when[i] == v, "a leading item waited")
				require.LessOrEqual(t, when[i]-v, 3)
			}
			if len(in) > 0 {
				require.True(t, !o.Leading || out[0] == in[0])
				require.True(t, !o.Trailing || out[len(out)-1] == in[len(in)-1], "%v of %v", out, in)
			}
		}
	}
}

// A subscriber that asks late gets the newest item that was due. An item that is not yet
// due continues to wait.
func TestThrottleStateAskedLate(t *testing.T) {
	at := func(n int) time.Duration { return time.Duration(n) }
	s := throttle[string]{throttleOptions: throttleOptions{Window: 4, Leading: true, Trailing: true, Reopens: true}}
	require.True(t, s.item("a", at(0)))
	require.True(t, s.item("b", at(1)), "the clock must be set")
	require.True(t, s.item("c", at(5)), "a is out, b has come")
	require.Len(t, s.Left(), 2)
	v, ok := s.Next(at(6))
	require.True(t, ok)
	require.Equal(t, "b", v)
	_, ok = s.Next(at(7))
	require.False(t, ok)
	deadline, ok := s.Deadline()
	require.True(t, ok)
	require.Equal(t, at(8), deadline)
	s.end(at(7), true)
	require.True(t, s.Over())
	_, ok = s.Next(at(9))
	require.False(t, ok)
	require.Len(t, s.Left(), 1)
}
