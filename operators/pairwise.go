package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Pairwise gives each item together with the one before it.
//
//	in:  a-b--c-|
//	out: --x--y-|   x: a and b, y: b and c
//
// Emits when an item comes, from the second on; fewer than two give nothing. Fails and
// completes with upstream. The item that waits for the next one counts nowhere.
// Memory: one item. Goroutines: none; it runs inside its subscriber's.
//
// For more than two see [BufferWithCount] with [WithStep]. It corresponds to
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
