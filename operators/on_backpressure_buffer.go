package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// OnBackpressureBuffer lets upstream run up to n items ahead of downstream. overflow
// says what a full queue does. [turbopipes.Block] holds upstream.
// [turbopipes.DropNewest] and [turbopipes.DropOldest] drop an item.
// [turbopipes.Fail] cancels upstream and ends the stream with an ErrOverflow; the
// item for which there was no room counts as dropped.
//
//	in:  abcde-|              n: 2, overflow: DropOldest
//	out: a----d----e----|     downstream takes 5 for an item
//
// Emits when downstream is free and an item waits. Items in the queue are delivered
// before a completion or an error. Every item that upstream has emitted is
// delivered, dropped, or left at an early end. [OnDrop] reports the items that are
// dropped or left. Memory: n items. Goroutines: one, for upstream. An n below 1 or
// an unknown overflow is an ErrInvalidArgument.
//
// It corresponds to Reactor's onBackpressureBuffer, Pekko's buffer and RxGo's
// WithBackPressureStrategy.
func OnBackpressureBuffer[T any](n int, overflow turbopipes.Overflow, opts ...BackpressureOption[T]) turbopipes.Operator[T, T] {
	return withOptions("OnBackpressureBuffer", opts, func(o opt.Typed[T]) turbopipes.Operator[T, T] {
		return onBackpressureBuffer("OnBackpressureBuffer", n, overflow, dropping(o))
	})
}

func onBackpressureBuffer[T any](name string, n int, overflow turbopipes.Overflow, hooks run.Hooks[T]) turbopipes.Operator[T, T] {
	switch {
	case n < 1:
		return turbopipes.Invalid[T, T](name, opt.TooSmall("n", n, 1))
	case !overflow.Valid():
		return turbopipes.Invalid[T, T](name, opt.BadOverflow(overflow))
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		return handoff.Decouple(ctx, name, n, overflow, hooks, turbopipes.ErrOverflow, in.Push, emit)
	})
}
