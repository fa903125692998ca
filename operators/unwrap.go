package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Unwrap emits the values of results until the first failed result. The error of
// that result ends the stream.
//
//	in:  a-b-x-c-|   x is a failed result
//	out: a-b-#
//
// Emits when a result with a value arrives. Fails with the first Err, after upstream
// was stopped, or when upstream fails. A failed result counts as failed. Memory:
// none. Goroutines: none; it runs on the subscriber's goroutine.
//
// It is the inverse of [AsResults], [ParallelResults] and [Tasks].
func Unwrap[R any]() turbopipes.Operator[turbopipes.Result[R], R] {
	return turbopipes.Lift(own.Mark+"Unwrap", func(ctx context.Context, in turbopipes.Observable[turbopipes.Result[R]], emit func(R) bool) error {
		var failed error
		stage := run.At(ctx, "Unwrap")
		err := in.Push(ctx, func(r turbopipes.Result[R]) bool {
			if failed = r.Err; failed != nil {
				stage.Failed(1)
				return false
			}
			return emit(r.Value)
		})
		return fault.Join(failed, err)
	})
}
