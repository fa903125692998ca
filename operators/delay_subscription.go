package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// DelaySubscription subscribes to upstream after d.
//
//	in:  a-b-|   delay: 3
//	out: ---a-b-|
//
// Emits when upstream does. Fails and completes with upstream. The wait ends at once
// when ctx does. A graceful stop ends the wait too; upstream's sources then complete
// without being called. Backpressure: upstream's emit calls downstream's, so
// upstream waits while downstream is busy. Memory: none. Goroutines: none; it runs
// on the subscriber's goroutine.
//
// With a d of 0 or less it subscribes at once. To delay the items, see [Delay]. It
// corresponds to Reactor's delaySubscription and Pekko's initialDelay.
func DelaySubscription[T any](delay time.Duration) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"DelaySubscription", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		if !sleepUnlessStopped(ctx, delay) && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return in.Push(ctx, emit)
	})
}
