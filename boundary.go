package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Guard runs the upstream of an error boundary, such as Catch or Retry. It is
// [Observable.Push], with two differences: a panic of upstream becomes its error, a
// [*PanicError], and Guard reports whether emit has refused. A panic that comes from
// downstream, through emit, does not belong to the boundary: it continues unchanged.
//
// When refused is true, or ctx is done, a boundary must not handle Guard's error: it
// returns the error.
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

// Shield returns the ctx for streams that run for the items of another stream, as
// FlatMap's do, and for user functions, which may run a stream. The graceful
// [Subscription.Stop] of the subscription around them does not cut these streams
// short: an inner stream that Stop had ended would look complete. Cancellation
// passes through.
func Shield(ctx context.Context) context.Context { return run.Shield(ctx) }

// Stopping returns a channel that is closed when the subscription of ctx is stopped
// gracefully. Where that can't happen, the channel is nil, so that a receive from it
// waits for ever. It is for waits that involve no source, such as a back-off.
func Stopping(ctx context.Context) <-chan struct{} { return run.From(ctx).Stopped() }

// StopRequested returns a channel that is closed when any subscription around ctx is
// stopped gracefully, also through a [Shield]. It is for a task, an inner stream or
// a source that can wind down by itself. Where no stop can come, the channel is nil,
// so that a receive from it waits for ever.
//
// [Stopping] is for operators: it does not see through a Shield, so it says whether
// the streams that run under ctx are being stopped.
func StopRequested(ctx context.Context) <-chan struct{} { return run.From(ctx).StopRequested() }

// stopping reports whether the subscription of ctx is being stopped gracefully.
func stopping(ctx context.Context) bool { return run.From(ctx).Stopping() }
