package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// OnBackpressureDrop emits an item if downstream is waiting for one, and drops it
// otherwise. Upstream is never held.
//
//	in:  a-b-c--d-|
//	out: a------d----|     downstream takes 5 for an item
//
// Emits when an item arrives while downstream is waiting. [OnDrop] reports the
// dropped items. Memory: one item. Goroutines: one, for upstream. It corresponds to
// Reactor's onBackpressureDrop and RxGo's Drop strategy.
func OnBackpressureDrop[T any](opts ...BackpressureOption[T]) turbopipes.Operator[T, T] {
	return withOptions("OnBackpressureDrop", opts, func(o opt.Typed[T]) turbopipes.Operator[T, T] {
		return decoupled("OnBackpressureDrop", dropping(o), func(b *handoff.Boundary[T], v T) bool {
			return b.Outcome(v, b.Queue.OfferIdle(v))
		})
	})
}

// decoupled is an operator whose upstream runs on a goroutine of its own, one
// item ahead at most; put decides what becomes of an item.
func decoupled[T any](name string, hooks run.Hooks[T], put func(*handoff.Boundary[T], T) bool) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		b := handoff.OpenBoundary[T](ctx, name, 1, turbopipes.ErrOverflow)
		b.Lost = hooks.At(b.Scope.Stage())
		defer b.Close(&err)
		b.Start(in.Push, func(v T) bool { return put(b, v) })
		return b.Loop(emit)
	})
}
