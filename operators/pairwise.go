package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Pairwise emits each item together with the item before it.
//
//	in:  a-b--c-|
//	out: --x--y-|   x: a and b, y: b and c
//
// Emits when an item arrives, from the second item on. A stream with fewer than two
// items emits nothing. Fails and completes with upstream. The item that waits for
// the next one is not counted. Memory: one item. Goroutines: none; it runs on the
// subscriber's goroutine.
//
// For more than two items, see [BufferWithCount] with [WithStep]. It corresponds to
// RxJS's pairwise, and to Reactor's buffer(2, 1) and Pekko's sliding(2).
func Pairwise[T any]() turbopipes.Operator[T, turbopipes.Pair[T, T]] {
	return turbopipes.Lift(own.Mark+"Pairwise", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.Pair[T, T]) bool) error {
		var last T
		begun := false
		return in.Push(ctx, func(v T) bool {
			p := turbopipes.Pair[T, T]{First: last, Second: v}
			last = v
			if !begun {
				begun = true
				return true
			}
			return emit(p)
		})
	})
}
