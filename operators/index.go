package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Index emits each item with its position in the stream.
//
//	in:  a-b--c-|
//	out: x-y--z-|   x: 0 and a, y: 1 and b, z: 2 and c
//
// Emits when an item comes. Positions begin at 0 for each subscription. Fails and
// completes with upstream. Memory: one number. Goroutines: none; it runs on the
// subscriber's goroutine.
//
// For only the number of items, see [Count]. It corresponds to Reactor's index,
// Pekko's zipWithIndex, and the index that RxJS passes to map's function.
func Index[T any]() turbopipes.Operator[T, turbopipes.Indexed[T]] {
	return turbopipes.Lift(own.Mark+"Index", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.Indexed[T]) bool) error {
		next := 0
		return in.Push(ctx, func(v T) bool {
			i := next
			next++
			return emit(turbopipes.Indexed[T]{Index: i, Value: v})
		})
	})
}
