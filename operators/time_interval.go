package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// TimeInterval gives each item with the time since the one before it.
//
//	in:  -a--b-c-|
//	out: -x--y-z-|   x: a after 1, y: b after 3, z: c after 2
//
// Emits when an item comes. The time is that between the moments at which the
// items were received, and for the first item that since the subscription. Fails
// and completes with upstream. Memory: one time. Goroutines: none; it runs inside
// its subscriber's.
//
// While downstream is busy upstream waits, so that the time of its work is in
// what is measured. For the moments themselves, see [Timestamp]. It corresponds
// to RxJS's timeInterval, Reactor's elapsed and RxGo's TimeInterval, which leaves
// the items out.
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
