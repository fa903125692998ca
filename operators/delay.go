package operators

import (
	"context"
	"fmt"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Delay emits each item when delay has passed since it came.
//
//	in:  a-b--c-|   delay: 3
//	out: ---a-b--(c|)
//
// Emits when delay has passed since an item came and downstream is free. The order
// is kept. Fails as soon as upstream fails, without the items whose time has not
// come; these count as discarded. Completes with the last item, or with upstream if
// no item waits. A graceful stop is a completion, and emits the items that wait at
// once.
//
// Backpressure: upstream waits while the queue is full, unless
// [turbopipes.WithOverflow] says otherwise. [turbopipes.WithQueue] sets the size of
// the queue, 256 items without it. Items that a strategy drops, and items that are
// left when the stream ends early, are counted, and [OnDiscard] is called for them.
// Memory: the queue. Goroutines: one, for upstream, joined before the stream ends.
//
// A delay of 0 or less changes nothing. A bad option is an ErrInvalidArgument. To
// delay only the beginning, see [DelaySubscription]; to keep a distance between
// items, [RateLimit]; for another delay for each item, [DelayWhen]. It corresponds
// to delay in RxJS and Pekko, and to Reactor's delaySequence.
func Delay[T any](delay time.Duration, opts ...turbopipes.QueueOption) turbopipes.Operator[T, T] {
	o, bad := queueOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Delay", bad)
	}
	return turbopipes.Lift(own.Mark+"Delay", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if delay <= 0 {
			return in.Push(ctx, emit)
		}
		waiting := newDelaying[T](o.Size, o.Overflow)
		hooks := run.Hooks[T]{Each: o.Discard}
		up := feed.OpenClocked(ctx, "Delay", hooks, waiting)
		defer up.Scope.Close(&err)
		kept := hooks.At(up.Scope.Stage())
		var refusal error // belongs to upstream's goroutine until the loop is over
		up.Start(func(ctx context.Context) error {
			return in.Push(ctx, func(v T) bool {
				lost, out := waiting.accept(ctx, up, v, delay)
				switch out {
				case handoff.Stored:
				case handoff.Refused:
					return up.Refuse(v)
				case handoff.Overflowed:
					refusal = fault.Join(errFull("Delay"), kept.Drop(lost))
				case handoff.Dropped:
					refusal = fault.Join(refusal, kept.Drop(lost))
				}
				return refusal == nil
			})
		}, waiting.end)
		if up.Loop(ctx, emit) {
			return refusal
		}
		return nil
	})
}

// errFull returns the error that ends the stream when an item finds the queue full.
func errFull(operator string) error {
	return fmt.Errorf("%w: %s: the queue is full", turbopipes.ErrOverflow, operator)
}
