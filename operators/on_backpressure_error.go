package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// OnBackpressureError ends the stream with an ErrOverflow when an item arrives while
// downstream is busy. This item counts as dropped, and [OnDrop] reports it. Upstream
// is never held.
//
//	in:  a-b-c--d-|
//	out: a----#     downstream takes 5 for an item
//
// Emits when an item arrives while downstream is waiting. Memory: one item.
// Goroutines: one, for upstream. It corresponds to Reactor's onBackpressureError.
func OnBackpressureError[T any](opts ...BackpressureOption[T]) turbopipes.Operator[T, T] {
	return withOptions("OnBackpressureError", opts, func(o opt.Typed[T]) turbopipes.Operator[T, T] {
		return decoupled("OnBackpressureError", dropping(o), func(b *handoff.Boundary[T], v T) bool {
			out := b.Queue.OfferIdle(v)
			if out == handoff.Dropped {
				out = handoff.Overflowed
			}
			return b.Outcome(v, out)
		})
	})
}
