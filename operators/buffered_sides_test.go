package operators_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

type combines = func(a, b turbopipes.Observable[int], opts ...operators.CombineOption) turbopipes.Observable[int]

// bufferedPairs are the operators that take the items of two streams in pairs. Each of
// them has no more results than pairs.
var bufferedPairs = map[string]combines{
	"Zip": func(a, b turbopipes.Observable[int], opts ...operators.CombineOption) turbopipes.Observable[int] {
		return operators.Zip(b, func(a, _ int) int { return a }, opts...)(a)
	},
	"Zip, the other": func(a, b turbopipes.Observable[int], opts ...operators.CombineOption) turbopipes.Observable[int] {
		return operators.Zip(a, func(_, a int) int { return a }, opts...)(b)
	},
	"ZipAll": func(a, b turbopipes.Observable[int], opts ...operators.CombineOption) turbopipes.Observable[int] {
		return operators.Map(func(row []int) int { return row[0] })(operators.ZipAll[int](opts...)(turbopipes.Just(a, b)))
	},
	"SequenceEqual": func(a, b turbopipes.Observable[int], opts ...operators.CombineOption) turbopipes.Observable[int] {
		equal := func(int, int) bool { return true }
		return operators.Map(func(bool) int { return -1 })(operators.SequenceEqual(b, equal, opts...)(a))
	},
}

// bufferedLatest are the operators that have a result for each item of a, if b has one
// item.
var bufferedLatest = map[string]combines{
	"CombineLatest": func(a, b turbopipes.Observable[int], opts ...operators.CombineOption) turbopipes.Observable[int] {
		return operators.CombineLatest(b, func(a, _ int) int { return a }, opts...)(a)
	},
	"CombineLatest, the other": func(a, b turbopipes.Observable[int], opts ...operators.CombineOption) turbopipes.Observable[int] {
		return operators.CombineLatest(a, func(_, a int) int { return a }, opts...)(b)
	},
	"CombineLatestAll": func(a, b turbopipes.Observable[int], opts ...operators.CombineOption) turbopipes.Observable[int] {
		return operators.Map(func(row []int) int { return row[0] })(operators.CombineLatestAll[int](opts...)(turbopipes.Just(a, b)))
	},
	"Join": func(a, b turbopipes.Observable[int], opts ...operators.CombineOption) turbopipes.Observable[int] {
		at := func(int) time.Time { return time.Unix(0, 0) }
		return operators.Join(b, 0, at, at, func(a, _ int) int { return a }, opts...)(a)
	},
}

// second lets the other stream come first.
func second(o turbopipes.Observable[int]) turbopipes.Observable[int] {
	return operators.DelaySubscription[int](time.Millisecond)(o)
}

// requireAhead checks that the stream is ahead of used items by one item, which is in
// its hand, and by those that may be read ahead.
func requireAhead(t *testing.T, fast *counting, used, slot, n int, discarded int64) {
	t.Helper()
	accepted := int(fast.accepted.Load())
	require.LessOrEqual(t, accepted, used+slot+n)
	require.GreaterOrEqual(t, accepted, used+slot+n/2, "half of the places are free at most")
	require.EqualValues(t, accepted+1, fast.begun.Load())
	require.EqualValues(t, accepted+1-used, discarded)
}

// A side is ahead by as many items as Buffered says, and no more. These items are
// discarded at an early end.
func TestBufferedSidesHold(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 50} {
		for name, op := range bufferedPairs {
			bubble(t, name, func(t *testing.T) {
				var fast counting
				s := endedBy(t, op(fast.stream(100), turbopipes.Interval(time.Second), operators.Buffered(n)), 0, 2500*time.Millisecond, dispose)
				requireAhead(t, &fast, 2, 1, n, s.stats.Discarded)
			})
		}
		for name, op := range bufferedLatest {
			bubble(t, name, func(t *testing.T) {
				var fast counting
				s := endedBy(t, op(second(fast.stream(100)), silent(turbopipes.Just(0)), operators.Buffered(n)), time.Second, 2500*time.Millisecond, dispose)
				require.Equal(t, []int{0, 1, 2}, s.items)
				requireAhead(t, &fast, 3, 0, n, s.stats.Discarded)
			})
		}
	}
}

// A failure of a side comes after the items that were read before it. A failure of the
// other side ends the stream.
func TestBufferedSidesFail(t *testing.T) {
	failing := operators.Concat(turbopipes.Throw[int](errBoom))(turbopipes.Range(0, 3))
	for name, op := range bufferedPairs {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, op(failing, turbopipes.Range(0, 100), operators.Buffered(8)), time.Second, time.Minute, itself)
			require.Equal(t, errBoom, s.err)
			if name != "SequenceEqual" {
				require.Equal(t, []int{0, 1, 2}, s.items)
			}
		})
	}
	for name, op := range bufferedLatest {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, op(second(failing), silent(turbopipes.Just(0)), operators.Buffered(8)), time.Second, time.Minute, itself)
			require.Equal(t, errBoom, s.err)
			require.Equal(t, []int{0, 1, 2}, s.items)
			require.Zero(t, s.stats.Discarded)
			var fast counting
			other := operators.Concat(boom[int](1500 * time.Millisecond))(turbopipes.Just(0))
			s = endedBy(t, op(second(fast.stream(100)), other, operators.Buffered(8)), time.Second, time.Minute, itself)
			require.Equal(t, errBoom, s.err)
			require.EqualValues(t, fast.begun.Load(), int64(len(s.items))+s.stats.Discarded)
		})
	}
}

// After a completion, no item counts as lost. A stop is a completion of both sides.
func TestBufferedSidesComplete(t *testing.T) {
	for name, op := range bufferedPairs {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, op(turbopipes.Range(0, 100), turbopipes.Range(0, 20), operators.Buffered(8)), 0, 0, itself)
			require.NoError(t, s.err)
			require.True(t, s.completed)
			if name != "SequenceEqual" {
				require.Equal(t, upTo(20), s.items)
			}
			require.Zero(t, s.stats.Discarded)
		})
	}
	for name, op := range bufferedLatest {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, op(second(turbopipes.Range(0, 20)), turbopipes.Just(0), operators.Buffered(8)), 0, 0, itself)
			require.NoError(t, s.err)
			require.Equal(t, upTo(20), s.items)
			if name == "CombineLatestAll" {
				return // a stop does not end its streams
			}
			s = endedBy(t, op(second(turbopipes.Interval(time.Second)), silent(turbopipes.Just(0)), operators.Buffered(8)), time.Hour, 5500*time.Millisecond, stop)
			require.NoError(t, s.err)
			require.Zero(t, s.stats.Discarded)
			require.Equal(t, upTo(5), s.items)
		})
	}
	at := func(int) time.Time { return time.Unix(0, 0) }
	requireInvalid(t, operators.Zip(turbopipes.Just(1), sum, operators.Buffered(-1)), "Zip: Buffered: n is -1, want at least 0")
	requireInvalid(t, operators.ZipAll[int](operators.Buffered(-1)), "ZipAll: Buffered: n is -1, want at least 0")
	requireInvalid(t, operators.CombineLatest(turbopipes.Just(1), sum, operators.Buffered(-1)), "CombineLatest: Buffered: n is -1, want at least 0")
	requireInvalid(t, operators.CombineLatestAll[int](operators.Buffered(-1)), "CombineLatestAll: Buffered: n is -1, want at least 0")
	requireInvalid(t, operators.Join(turbopipes.Just(1), 0, at, at, sum, operators.Buffered(-1)), "Join: Buffered: n is -1, want at least 0")
	requireInvalid(t, operators.SequenceEqual(turbopipes.Just(1), same[int], operators.Buffered(-1)), "SequenceEqual: Buffered: n is -1, want at least 0")
}
