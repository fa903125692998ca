package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Results turns the items into results. If upstream fails, its error becomes the
// last item, a failed result.
//
//	in:  a-b-#
//	out: a-b-(x|)   x: a failed result
//
// Emits when an item arrives, and when upstream fails or panics. A panic is an
// error, a [*turbopipes.PanicError]. Completes after the failed result, or with
// upstream. Fails only when ctx ends: a cancellation does not become a result.
// Memory: none. Goroutines: none; it runs on the subscriber's goroutine.
//
// Use it for a consumer that wants only one kind of item, such as the items of a
// channel. The inverse is [Unwrap]. For failures of single items, see [AsResults];
// to turn the completion into an item too, see [Materialize].
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
