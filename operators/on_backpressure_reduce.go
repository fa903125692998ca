package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// OnBackpressureReduce merges the items that arrive while downstream is busy into
// one waiting item. Upstream is never held, and nothing is dropped.
//
//	in:  a-b-c-d|              downstream takes 5 for an item
//	out: a----{bc}----d----|
//
// Emits when downstream is free and an item waits. merge runs on upstream's
// goroutine. If merge panics, the waiting item is delivered before the panic's
// error, and the item that has just arrived counts as dropped. Memory: one item.
// Goroutines: one, for upstream. A nil merge is an ErrInvalidArgument. It is
// [Conflate] for a single type. Pekko calls it conflate.
func OnBackpressureReduce[T any](merge func(pending, next T) T, opts ...BackpressureOption[T]) turbopipes.Operator[T, T] {
	if merge == nil {
		return turbopipes.Invalid[T, T]("OnBackpressureReduce", "merge is nil")
	}
	return withOptions("OnBackpressureReduce", opts, func(o opt.Typed[T]) turbopipes.Operator[T, T] {
		return conflate("OnBackpressureReduce", func(v T) T { return v }, merge, dropping(o), dropping(o))
	})
}
