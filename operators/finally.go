package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Finally calls fn when upstream has ended and is reaped.
//
//	in:  a-b--c-|   fn: is called at the end
//	out: a-b--c-|
//
// Emits when an item comes. fn is called once for each subscription, at any end:
// completion, failure, stop, the end of ctx, a panic or a Goexit, also of
// downstream. If there are several Finally operators, the one nearest to the source
// calls its fn first. Fails and completes with upstream. Memory: none. Goroutines:
// none; fn runs on the subscriber's goroutine.
//
// A nil fn is an ErrInvalidArgument. To distinguish the ends, see [Do]; for a
// resource that the stream needs, [turbopipes.Using]. It corresponds to RxJS's
// finalize and Reactor's doFinally.
func Finally[T any](fn func()) turbopipes.Operator[T, T] {
	if fn == nil {
		return turbopipes.Invalid[T, T]("Finally", "fn is nil")
	}
	return turbopipes.Lift(own.Mark+"Finally", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		defer fn()
		return in.Push(ctx, emit)
	})
}
