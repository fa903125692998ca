package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// OnBackpressureBuffer lets upstream run up to capacity items ahead of
// downstream. overflow is what a full queue does: [turbopipes.Block] holds upstream,
// [turbopipes.DropNewest] and [turbopipes.DropOldest] drop an item, and [turbopipes.Fail] cancels upstream and
// ends the stream with an ErrOverflow; the item that found no room counts as
// dropped.
//
//	in:  abcde-|              capacity: 2, overflow: DropOldest
//	out: a----d----e----|     downstream takes 5 for an item
//
// Emits when downstream is free and an item waits. What is in the queue is
// delivered before a completion or an error. Conservation: what upstream has
// emitted is delivered, dropped, or left at an early end, never anything else.
// Memory: capacity items. Goroutines: one, for upstream. A capacity below 1 or
// an unknown overflow is an ErrInvalidArgument.
//
// It corresponds to Reactor's onBackpressureBuffer, Pekko's buffer and RxGo's
// WithBackPressureStrategy.
func OnBackpressureBuffer[T any](capacity int, overflow turbopipes.Overflow, opts ...BackpressureOption[T]) turbopipes.Operator[T, T] {
	return withOptions("OnBackpressureBuffer", "", opts, func(o opt.Backpressure[T]) turbopipes.Operator[T, T] {
		return onBackpressureBuffer("OnBackpressureBuffer", capacity, overflow, dropping(o))
	})
}

func onBackpressureBuffer[T any](name string, capacity int, overflow turbopipes.Overflow, hooks run.Hooks[T]) turbopipes.Operator[T, T] {
	switch {
	case capacity < 1:
		return turbopipes.Invalid[T, T](name, "the capacity is less than 1")
	case overflow < turbopipes.Block || overflow > turbopipes.Fail:
		return turbopipes.Invalid[T, T](name, "the overflow strategy is unknown")
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		return handoff.Decouple(ctx, name, capacity, handoff.Full(overflow), hooks, turbopipes.ErrOverflow, in.Push, emit)
	})
}
