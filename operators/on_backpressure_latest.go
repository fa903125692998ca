package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// OnBackpressureLatest keeps the newest item while downstream is busy. A newer item
// replaces the waiting item, which is dropped. Upstream is never held. The last item
// of the stream is always delivered.
//
//	in:  a-b-c--d-|
//	out: a----c----d----|     downstream takes 5 for an item
//
// Emits when downstream is free and an item waits. [OnDrop] reports the dropped
// items. Memory: one item. Goroutines: one, for upstream. It corresponds to
// Reactor's onBackpressureLatest, and to Pekko's conflate with a function that keeps
// the newer item.
func OnBackpressureLatest[T any](opts ...BackpressureOption[T]) turbopipes.Operator[T, T] {
	return withOptions("OnBackpressureLatest", opts, func(o opt.Typed[T]) turbopipes.Operator[T, T] {
		return onBackpressureBuffer("OnBackpressureLatest", 1, turbopipes.DropOldest, dropping(o))
	})
}
