package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Timestamp emits each item with the time at which it was received.
//
//	in:  -a--b-c-|
//	out: -x--y-z-|   x: a at 1, y: b at 4, z: c at 6
//
// Emits when an item arrives. The time is the result of time.Now, with its monotonic
// reading. So the differences between times are correct even if the clock is
// changed. Fails and completes with upstream. Memory: none. Goroutines: none; it
// runs on the subscriber's goroutine.
//
// For the time between two items, see [TimeInterval]. It corresponds to timestamp in
// RxJS, Reactor and RxGo.
func Timestamp[T any]() turbopipes.Operator[T, turbopipes.Timestamped[T]] {
	return turbopipes.Lift(own.Mark+"Timestamp", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.Timestamped[T]) bool) error {
		return in.Push(ctx, func(v T) bool {
			return emit(turbopipes.Timestamped[T]{Value: v, At: time.Now()})
		})
	})
}
