package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// MapError replaces upstream's error with another error.
//
//	in:  -a-b-#   fn: says where it was
//	out: -a-b-#
//
// Emits when an item arrives. Completes with upstream. When upstream fails, it fails
// with the error that fn returns. If fn returns nil, it fails with upstream's error,
// because MapError never swallows an error. A panic of upstream is an error too, a
// [*turbopipes.PanicError].
//
// fn is not called when downstream has stopped or ctx has ended: upstream's error
// then passes unchanged. fn is called even when the subscription is being stopped
// gracefully, because a failure stays a failure. Memory: none. Goroutines: none; fn
// runs on the subscriber's goroutine.
//
// A nil fn is an ErrInvalidArgument. To swallow errors, see [OnErrorComplete]. It
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
