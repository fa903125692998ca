package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// MapError fails with another error where upstream fails.
//
//	in:  -a-b-#   fn: says where it was
//	out: -a-b-#
//
// Emits when an item comes. Fails with what fn makes of upstream's error; where
// fn gives nil, with the error as it was, since MapError swallows none. A panic
// of upstream is an error, a [*turbopipes.PanicError]. Completes with upstream.
//
// fn is not called when downstream has stopped or ctx has ended: what upstream
// returns then passes. It is called once the subscription is being stopped
// gracefully, because a failure stays one. Memory: none. Goroutines: none; fn
// runs on the subscriber's.
//
// A nil fn is an ErrInvalidArgument. To swallow errors see [OnErrorComplete]. It
// corresponds to Reactor's onErrorMap and Pekko's mapError.
func MapError[T any](fn func(err error) error) turbopipes.Operator[T, T] {
	if fn == nil {
		return turbopipes.Invalid[T, T]("MapError", "fn is nil")
	}
	return turbopipes.Lift(own.Mark+"MapError", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		refused, err := turbopipes.Guard(ctx, in, emit)
		if err == nil || refused || ctx.Err() != nil {
			return err
		}
		if other := fn(err); other != nil {
			return other
		}
		return err
	})
}
