package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// OnBackpressureDrop passes an item if downstream waits for one, and drops it
// otherwise. Upstream is never held.
//
//	in:  a-b-c--d-|
//	out: a------d----|     downstream takes 5 for an item
//
// Emits when an item meets a downstream that waits. Memory: one item.
// Goroutines: one, for upstream. It corresponds to Reactor's onBackpressureDrop
// and RxGo's Drop strategy.
func OnBackpressureDrop[T any](opts ...BackpressureOption[T]) turbopipes.Operator[T, T] {
	return withOptions("OnBackpressureDrop", "", opts, func(o opt.Backpressure[T]) turbopipes.Operator[T, T] {
		return decoupled("OnBackpressureDrop", dropping(o), func(b *handoff.Boundary[T], v T) bool {
			return b.Outcome(v, b.Queue.OfferIdle(v))
		})
	})
}
