package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Results gives items as results, and the error that upstream ends with as a
// last one.
//
//	in:  a-b-#
//	out: a-b-(x|)   x: a failed result
//
// Emits when an item comes, and when upstream fails or panics, which is a
// [*turbopipes.PanicError]. Completes behind that, or with upstream. Fails only
// when ctx ends: a cancellation is not made a result. Memory: none. Goroutines:
// none; it runs inside its subscriber's.
//
// It is for a consumer that wants one kind of item, such as what a channel
// carries. The way back is [Unwrap]. For failures of single items see
// [AsResults]; to have the completion as an item too, [Materialize].
func Results[T any]() turbopipes.Operator[T, turbopipes.Result[T]] {
	return turbopipes.Lift(own.Mark+"Results", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.Result[T]) bool) error {
		refused, err := turbopipes.Guard(ctx, in, func(v T) bool {
			return emit(turbopipes.Result[T]{Value: v})
		})
		if err == nil || refused || ctx.Err() != nil {
			return err
		}
		emit(turbopipes.Result[T]{Err: err})
		return nil
	})
}
