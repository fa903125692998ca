package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ObserveOn runs upstream on a goroutine of its own, with a bounded queue in
// between, so that upstream and downstream work at the same time.
//
//	in:  a-b-c-|
//	out: a-b-c-|
//
// Emits when downstream is free and an item waits. What is in the queue is
// delivered before a completion or an error. Fails and completes with upstream.
//
// Backpressure: upstream waits while the queue is full, unless
// [turbopipes.WithOverflow] says otherwise. [turbopipes.WithQueue] sets how many
// items wait, 256 without it. What a strategy drops, and what is left at an early
// end, is counted and given to [OnDiscard]. Memory: the queue. Goroutines: one,
// for upstream, joined before it ends.
//
// A bad option is an ErrInvalidArgument. [Prefetch] is a short form. It
// corresponds to RxJS's observeOn, Reactor's publishOn, Pekko's async and RxGo's
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
