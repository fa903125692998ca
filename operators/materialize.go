package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Materialize gives what happens in the stream as items: each item, and then the
// error or the completion.
//
//	in:  a-b-#
//	out: a-b-(x|)   a, b: of KindNext; x: of KindError
//
// Emits when an item comes, and when upstream completes, fails or panics, which
// is a [*turbopipes.PanicError]. Completes behind that. Fails only when ctx
// ends: a cancellation is not made an item of. Memory: none. Goroutines: none;
// it runs inside its subscriber's.
//
// It is for streams whose end is to be stored, sent or compared. For failures of
// single items, see [AsResults]; to go on behind an error, [Catch]. It
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
