package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ObserveOn runs upstream on its own goroutine. A bounded queue lies between
// upstream and downstream, so that both work at the same time.
//
//	in:  a-b-c-|
//	out: a-b-c-|
//
// Emits when downstream is free and an item waits. Items in the queue are delivered
// before a completion or an error. Fails and completes with upstream.
//
// Backpressure: upstream waits while the queue is full, unless
// [turbopipes.WithOverflow] sets another strategy. [turbopipes.WithQueue] sets how
// many items can wait; the default is 256. Items that a strategy drops, and items
// that are left at an early end, are counted, and [OnDiscard] reports them. Memory:
// the queue. Goroutines: one, for upstream, joined before ObserveOn ends.
//
// A bad option is an ErrInvalidArgument. [Prefetch] is a short form. It corresponds
// to RxJS's observeOn, Reactor's publishOn, Pekko's async and RxGo's
// WithBufferedChannel.
func ObserveOn[T any](opts ...turbopipes.QueueOption) turbopipes.Operator[T, T] {
	o, bad := queueOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("ObserveOn", bad)
	}
	return observeOn[T]("ObserveOn", o.Queue)
}

func observeOn[T any](name string, o opt.Queue) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		return handoff.Decouple(ctx, name, o.Size, o.Overflow, run.Hooks[T]{Each: o.Discard}, turbopipes.ErrOverflow, in.Push, emit)
	})
}
