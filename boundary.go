package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Guard is what an error boundary, such as Catch or Retry, runs its upstream
// with: [Observable.Push] that turns a panic of upstream into its error, a
// [*PanicError], and tells whether emit has refused. A panic that comes from
// downstream, through emit, is not the boundary's: it goes on untouched.
//
// A boundary must not handle what Guard returns when refused is true, or when
// ctx is done: it returns it.
func Guard[T any](ctx context.Context, in Observable[T], emit func(T) bool) (refused bool, err error) {
	below := false
	defer func() {
		if below {
			return // without a recover: the panic keeps its own stack
		}
		if p := recover(); p != nil {
			err = fault.FromPanic(p)
		}
	}()
	err = in.Push(ctx, func(v T) bool {
		below = true
		ok := emit(v)
		below = false
		if !ok {
			refused = true
		}
		return ok
	})
	return refused, err
}

// Shield gives the ctx for streams that run per item of another stream, as
// FlatMap's do, and for user functions, which may run a stream: the graceful
// [Subscription.Stop] of the subscription around them does not cut them short.
// An inner stream that Stop had ended would read as a complete one.
// Cancellation passes through.
func Shield(ctx context.Context) context.Context { return run.Shield(ctx) }

// Stopping is closed when the subscription of ctx is stopped gracefully. It is
// nil, so that a receive from it waits for ever, where that can't happen. It is
// for what waits without a source being involved, such as a back-off.
func Stopping(ctx context.Context) <-chan struct{} { return run.From(ctx).Stopped() }

// StopRequested is closed when any subscription that ctx is within is stopped
// gracefully, also through a [Shield]: for a task, an inner stream or a source that can
// wind down by itself. It is nil, so that a receive from it waits for ever, where no
// stop can come.
//
// [Stopping] is for operators: it does not see through a Shield, and so tells whether
// the streams that run under ctx are being stopped.
func StopRequested(ctx context.Context) <-chan struct{} { return run.From(ctx).StopRequested() }

// stopping tells whether the subscription of ctx is being stopped gracefully.
func stopping(ctx context.Context) bool { return run.From(ctx).Stopping() }
