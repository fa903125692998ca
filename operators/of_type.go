package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// OfType lets the items through that are an R.
//
//	in:  a-1--b-|   R: letter
//	out: a----b-|
//
// Emits when an item comes that is an R: of that very type, or of one that implements
// it where it is an interface. Drops the others. Fails and completes with upstream.
// What is left out counts nowhere. Memory: none. Goroutines: none; it runs inside its
// subscriber's.
//
// To fail at another item, see [Cast]. It corresponds to Reactor's ofType, and to
// RxJS's filter with a type guard.
func OfType[R, T any]() turbopipes.Operator[T, R] {
	return turbopipes.Lift(own.Mark+"OfType", func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		return in.Push(ctx, func(v T) bool {
			r, ok := any(v).(R)
			return !ok || emit(r)
		})
	})
}
