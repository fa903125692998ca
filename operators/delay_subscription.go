package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// DelaySubscription subscribes to upstream after a while.
//
//	in:  a-b-|   d: 3
//	out: ---a-b-|
//
// Emits when upstream does. Fails and completes with upstream. The wait ends at
// once when ctx does; a graceful stop ends it too, and upstream's sources then
// complete without being called. Backpressure: upstream's emit is downstream's.
// Memory: none. Goroutines: none; it runs inside its subscriber's.
//
// With d ≤ 0 it subscribes at once. To delay the items, see [Delay]. It corresponds
// to Reactor's delaySubscription and Pekko's initialDelay.
func DelaySubscription[T any](d time.Duration) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"DelaySubscription", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		if !pause(ctx, d) && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return in.Push(ctx, emit)
	})
}
