package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// OnErrorReturn emits one more item when upstream fails, and then completes.
//
//	in:  -a-b-#      fn: x, whatever the error
//	out: -a-b-(x|)
//
// Emits when upstream does. Once upstream has failed and is reaped, it emits the
// item that fn makes of the error. Items before the failure stay emitted. A panic of
// upstream is a failure, with a [*turbopipes.PanicError]. Drops the error. Completes
// after fn's item, or with upstream.
//
// fn is not called when downstream has stopped, when ctx has ended, or once the
// subscription is being stopped gracefully. The error then passes. Memory: none.
// Goroutines: none; fn runs on the subscriber's goroutine.
//
// A nil fn is an ErrInvalidArgument. For one fixed item, see [OnErrorReturnItem];
// for a stream, or to let some errors pass, see [Catch]. It corresponds to RxGo's
// OnErrorReturn, Pekko's recover, and RxJS's catchError with of.
func OnErrorReturn[T any](fn func(err error) T) turbopipes.Operator[T, T] {
	if fn == nil {
		return turbopipes.Invalid[T, T]("OnErrorReturn", "fn is nil")
	}
	return onErrorReturn("OnErrorReturn", fn)
}

// OnErrorReturnItem emits v when upstream fails, and then completes.
//
//	in:  -a-b-#      v: x
//	out: -a-b-(x|)
//
// Emits when upstream does, and once upstream has failed and is reaped. It is
// [OnErrorReturn] with a function that always returns v. Goroutines: none. It
// corresponds to Reactor's onErrorReturn and RxGo's OnErrorReturnItem.
func OnErrorReturnItem[T any](v T) turbopipes.Operator[T, T] {
	return onErrorReturn("OnErrorReturnItem", func(error) T { return v })
}

func onErrorReturn[T any](name string, fn func(error) T) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		refused, err := turbopipes.Guard(ctx, in, emit)
		if passesBoundary(ctx, refused, err) {
			return err
		}
		emit(fn(err))
		return nil
	})
}
