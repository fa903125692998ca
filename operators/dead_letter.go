package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// DeadLetter emits the values of results, and passes the failed results to sink.
//
//	in:  a-b-x-c-|   x is a failed result; sink: keeps it
//	out: a-b---c-|
//
// Emits when a result with a value comes. Upstream waits while sink is busy with a
// failed result. A failed result counts as failed. Fails with the first error of
// sink, after upstream was stopped, or when upstream fails. Completes with upstream.
//
// If [AsResults] has made the result, its error contains the item that has failed:
// errors.As(r.Err, &item) with an item of type *[turbopipes.ItemError] finds it. The
// ctx that sink gets ends with the subscription. A pipeline that sink runs under
// this ctx is not cut short by a graceful stop. Backpressure: upstream waits while
// downstream or sink is busy. Memory: none. Goroutines: none; sink runs on the
// subscriber's goroutine.
//
// A nil sink is an ErrInvalidArgument. To end at the first failed result, see
// [Unwrap]. It corresponds to Reactor's onErrorContinue and Pekko's divertTo.
func DeadLetter[T any](sink func(ctx context.Context, r turbopipes.Result[T]) error) turbopipes.Operator[turbopipes.Result[T], T] {
	if sink == nil {
		return turbopipes.Invalid[turbopipes.Result[T], T]("DeadLetter", "sink is nil")
	}
	return turbopipes.Lift(own.Mark+"DeadLetter", func(ctx context.Context, in turbopipes.Observable[turbopipes.Result[T]], emit func(T) bool) error {
		inner := turbopipes.Shield(ctx)
		var failed error
		stage := run.At(ctx, "DeadLetter")
		err := in.Push(ctx, func(r turbopipes.Result[T]) bool {
			if r.Err == nil {
				return emit(r.Value)
			}
			stage.Failed(1)
			failed = sink(inner, r)
			return failed == nil
		})
		return fault.Join(failed, err)
	})
}
