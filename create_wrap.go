package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/fault"
)

// Defer calls fn for each subscription, and runs the stream that it returns.
// The error of fn is the stream's. A nil fn is an [ErrInvalidArgument].
//
// A graceful stop passes through to that stream; the ctx that fn gets is
// shielded from it, see [Shield]. Goroutines: none; fn runs on the
// subscriber's. It corresponds to RxJS's, Reactor's and RxGo's defer.
func Defer[T any](fn func(ctx context.Context) (Observable[T], error)) Observable[T] {
	if fn == nil {
		return failing[T](fault.Invalid("Defer", "fn is nil"))
	}
	return wrap(func(ctx context.Context, emit func(T) bool) error {
		settle(ctx)
		o, err := fn(Shield(ctx))
		if err != nil {
			return err
		}
		return o.Push(ctx, emit)
	})
}

// Iif asks cond at each subscription, and runs yes where it is true, else no.
//
// A graceful stop passes through to that stream. A nil cond, or a zero Observable,
// is an [ErrInvalidArgument]. To make the stream only when it is needed, see
// [Defer]. Goroutines: none; cond runs on the subscriber's. It corresponds to
// RxJS's iif.
func Iif[T any](cond func() bool, yes, no Observable[T]) Observable[T] {
	switch {
	case cond == nil:
		return failing[T](fault.Invalid("Iif", "cond is nil"))
	case yes.IsZero():
		return failing[T](fault.Invalid("Iif", "yes is the zero Observable"))
	case no.IsZero():
		return failing[T](fault.Invalid("Iif", "no is the zero Observable"))
	}
	return wrap(func(ctx context.Context, emit func(T) bool) error {
		settle(ctx)
		if cond() {
			return yes.Push(ctx, emit)
		}
		return no.Push(ctx, emit)
	})
}

// Using acquires a resource for each subscription, runs the stream that use
// makes of it, and releases it, exactly once, after that stream has unwound,
// whichever way it ended: completion, error, stop, cancellation, panic.
//
// The error of acquire is the stream's, and release is not called then. The
// error of release is the stream's if there was none before, and joined behind
// it otherwise; after a panic it is lost. A nil function is an
// [ErrInvalidArgument].
//
// The ctx that acquire gets is shielded from a graceful stop, see [Shield];
// when release needs the network, it must not rely on that ctx being alive.
// Goroutines: none; all three run on the subscriber's. It corresponds to RxJS's
// and Reactor's using and Pekko's unfoldResource.
func Using[R, T any](acquire func(ctx context.Context) (R, error), use func(R) Observable[T], release func(R) error) Observable[T] {
	switch {
	case acquire == nil:
		return failing[T](fault.Invalid("Using", "acquire is nil"))
	case use == nil:
		return failing[T](fault.Invalid("Using", "use is nil"))
	case release == nil:
		return failing[T](fault.Invalid("Using", "release is nil"))
	}
	return wrap(func(ctx context.Context, emit func(T) bool) (err error) {
		settle(ctx)
		r, err := acquire(Shield(ctx))
		if err != nil {
			return err
		}
		defer func() { err = fault.Join(err, release(r)) }()
		return use(r).Push(ctx, emit)
	})
}
