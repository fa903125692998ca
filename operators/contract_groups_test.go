package operators_test

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// windows returns the entries of windows and groups. An operator that emits streams is
// tested together with an operator that consumes them.
func (p parts) windows() []entry {
	parity := func(v int) int { return v % 2 }
	at := func(v int) time.Time { return time.Unix(int64(v), 0) }
	return []entry{
		on("BufferUntilChanged", operators.BufferUntilChanged(func(v int) int { return v / 2 })),
		on("BufferWeighted", operators.BufferWeighted(3, func(v int) int64 { return int64(v % 3) })),
		on("BufferWhen", operators.BufferWhen[int](p.side)),
		on("BufferWhen/empties", operators.BufferWhen[int](operators.Take[int](1)(p.side), operators.EmitEmpty(), operators.FlushOnError())),
		on("BufferWithTime", operators.BufferWithTime[int](24*time.Millisecond)),
		on("BufferWithTime/bounded", operators.BufferWithTime[int](34*time.Millisecond, operators.WithMaxItems(2))),
		on("BufferWithTime/flushing", operators.BufferWithTime[int](24*time.Millisecond, operators.FlushOnError())),
		on("EventTimeWindow", operators.EventTimeWindow(2*time.Second, at)),
		on("EventTimeWindow/sliding", operators.EventTimeWindow(2*time.Second, at, operators.WithSlide[int](time.Second))),
		on("EventTimeWindow/bounded", operators.EventTimeWindow(2*time.Second, at, operators.WithMaxAhead[int](time.Second), operators.WithMaxOpen[int](9))),
		on("GroupBy", grouped(turbopipes.Infinite, operators.GroupBy(parity))).one(),
		on("GroupBy/one at a time", grouped(1, operators.GroupBy(parity))).one(),
		on("GroupBy/idle", grouped(turbopipes.Infinite, operators.GroupBy(func(v int) int { return v / 3 }, operators.WithIdle(24*time.Millisecond)))).one(),
		on("GroupByN", grouped(turbopipes.Infinite, operators.GroupByN(2, parity))).one(),
		on("SessionWindow", operators.SessionWindow[int](14*time.Millisecond, operators.WithMaxItems(2))),
		on("SessionWindow/long", operators.SessionWindow[int](14*time.Millisecond, operators.WithMaxDuration(24*time.Millisecond))),
		on("SlidingWindow", operators.SlidingWindow[int](3, 2)),
		on("SlidingWindow/partial", operators.SlidingWindow[int](4, 1, operators.Partial(), operators.FlushOnError())),
		on("WindowWhen", windowed(1, operators.WindowWhen[int](p.side))),
		on("WindowWithCount", windowed(1, operators.WindowWithCount[int](2))),
		on("WindowWithCount/overlapping", windowed(turbopipes.Infinite, operators.WindowWithCount[int](3, operators.WithStep(2)))),
		on("WindowWithTime", windowed(2, operators.WindowWithTime[int](24*time.Millisecond))),
		on("WindowWithTime/empties", windowed(1, operators.WindowWithTime[int](24*time.Millisecond, operators.EmitEmpty()))),
		on("WindowWithTimeOrCount", windowed(1, operators.WindowWithTimeOrCount[int](24*time.Millisecond, 4))),
	}
}

// placed is an item with its window or group.
type placed[K, T any] struct {
	in K
	v  T
}

// grouped emits the items of the groups, at most n groups at a time.
func grouped[T any, K comparable](n int, op turbopipes.Operator[T, turbopipes.Group[K, T]]) turbopipes.Operator[T, placed[K, T]] {
	return turbopipes.Compose2(op, operators.FlatMap(n, func(g turbopipes.Group[K, T]) turbopipes.Observable[placed[K, T]] {
		return operators.Map(func(v T) placed[K, T] { return placed[K, T]{g.Key, v} })(g.Items)
	}))
}

// windowed emits the items of the windows, at most n windows at a time, with the number of
// the window, from 1.
func windowed[T any](n int, op turbopipes.Operator[T, turbopipes.Observable[T]]) turbopipes.Operator[T, placed[int, T]] {
	return func(in turbopipes.Observable[T]) turbopipes.Observable[placed[int, T]] {
		return turbopipes.Defer(func(context.Context) (turbopipes.Observable[placed[int, T]], error) {
			number := 0 // of the run
			return operators.FlatMap(n, func(items turbopipes.Observable[T]) turbopipes.Observable[placed[int, T]] {
				number++
				at := number
				return operators.Map(func(v T) placed[int, T] { return placed[int, T]{at, v} })(items)
			})(op(in)), nil
		})
	}
}
