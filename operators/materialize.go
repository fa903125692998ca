package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Materialize turns the events of the stream into items: each item, and then the
// error or the completion.
//
//	in:  a-b-#
//	out: a-b-(x|)   a, b: of KindNext; x: of KindError
//
// Emits when an item arrives, and when upstream completes, fails or panics. A panic
// is an error, a [*turbopipes.PanicError]. Completes after the item for upstream's
// end. Fails only when ctx ends: a cancellation does not become an item. Memory:
// none. Goroutines: none; it runs on the subscriber's goroutine.
//
// Use it for streams whose end has to be stored, sent or compared. For failures of
// single items, see [AsResults]; to continue after an error, see [Catch]. It
// corresponds to materialize in RxJS and Reactor.
func Materialize[T any]() turbopipes.Operator[T, turbopipes.Notification[T]] {
	return turbopipes.Lift(own.Mark+"Materialize", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.Notification[T]) bool) error {
		refused, err := turbopipes.Guard(ctx, in, func(v T) bool {
			return emit(turbopipes.Notification[T]{Kind: turbopipes.KindNext, Value: v})
		})
		if refused || ctx.Err() != nil {
			return err
		}
		end := turbopipes.Notification[T]{Kind: turbopipes.KindComplete, Err: err}
		if err != nil {
			end.Kind = turbopipes.KindError
		}
		emit(end)
		return nil
	})
}
