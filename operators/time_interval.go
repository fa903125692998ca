package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// TimeInterval emits each item with the time since the item before it.
//
//	in:  -a--b-c-|
//	out: -x--y-z-|   x: a after 1, y: b after 3, z: c after 2
//
// Emits when an item arrives. The time is measured between the moments at which the
// two items were received. For the first item it is the time since the subscription.
// Fails and completes with upstream. Memory: one time. Goroutines: none; it runs on
// the subscriber's goroutine.
//
// Upstream waits while downstream is busy, so the measured time includes
// downstream's work. For the moments themselves, see [Timestamp]. It corresponds to
// RxJS's timeInterval, Reactor's elapsed and RxGo's TimeInterval, which leaves out
// the items.
func TimeInterval[T any]() turbopipes.Operator[T, turbopipes.Elapsed[T]] {
	return turbopipes.Lift(own.Mark+"TimeInterval", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.Elapsed[T]) bool) error {
		last := time.Now()
		return in.Push(ctx, func(v T) bool {
			now := time.Now()
			since := now.Sub(last)
			last = now
			return emit(turbopipes.Elapsed[T]{Value: v, Since: since})
		})
	})
}
