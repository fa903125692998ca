package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// OfType lets through the items that are an R.
//
//	in:  a-1--b-|   R: letter
//	out: a----b-|
//
// Emits when an item arrives that is an R: its type is R or, if R is an interface,
// its type implements R. Drops the other items, which are not counted. Fails and
// completes with upstream. Memory: none. Goroutines: none; it runs on the
// subscriber's goroutine.
//
// To fail at an item of another type, see [Cast]. It corresponds to Reactor's
// ofType, and to RxJS's filter with a type guard.
func OfType[R, T any]() turbopipes.Operator[T, R] {
	return turbopipes.Lift(own.Mark+"OfType", func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		return in.Push(ctx, func(v T) bool {
			r, ok := any(v).(R)
			return !ok || emit(r)
		})
	})
}
