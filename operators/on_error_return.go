package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// OnErrorReturn emits one more item where upstream fails, and completes.
//
//	in:  -a-b-#      fn: x, whatever the error
//	out: -a-b-(x|)
//
// Emits when upstream does, and, once that has failed and is reaped, what fn
// makes of the error. What came before the failure stays. A panic of upstream is
// a failure, with a [*turbopipes.PanicError]. Drops the error. Completes behind
// that item, or with upstream.
//
// fn is not called when downstream has stopped, when ctx has ended, or once the
// subscription is being stopped gracefully: then the error passes. Memory: none.
// Goroutines: none; fn runs on the subscriber's.
//
// A nil fn is an ErrInvalidArgument. For one fixed item see [OnErrorReturnItem];
// for a stream, or to refuse an error, [Catch]. It corresponds to RxGo's
// OnErrorReturn, Pekko's recover, and RxJS's catchError with of.
func OnErrorReturn[T any](fn func(err error) T) turbopipes.Operator[T, T] {
	if fn == nil {
		return turbopipes.Invalid[T, T]("OnErrorReturn", "fn is nil")
	}
	return onErrorReturn("OnErrorReturn", fn)
}

// OnErrorReturnItem emits v where upstream fails, and completes.
//
//	in:  -a-b-#      v: x
//	out: -a-b-(x|)
//
// Emits when upstream does, and once that has failed and is reaped. It is
// [OnErrorReturn] of a function that always gives v. Goroutines: none. It
// corresponds to Reactor's onErrorReturn and RxGo's OnErrorReturnItem.
func OnErrorReturnItem[T any](v T) turbopipes.Operator[T, T] {
	return onErrorReturn("OnErrorReturnItem", func(error) T { return v })
}

func onErrorReturn[T any](name string, fn func(error) T) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		refused, err := turbopipes.Guard(ctx, in, emit)
		if final(ctx, refused, err) {
			return err
		}
		emit(fn(err))
		return nil
	})
}
