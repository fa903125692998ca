package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// TakeUntilMatch emits the items up to and including the first item for which pred
// returns true.
//
//	in:  1-2-a-3-|   pred: letters
//	out: 1-2-(a|)
//
// Emits when an item arrives. Completes right after the first item for which pred
// returns true, when upstream was stopped and reaped, or with upstream. Fails with
// upstream. Items that arrive after the end are not counted. Memory: none.
// Goroutines: none; pred runs on the subscriber's goroutine, before the item is
// emitted.
//
// A nil pred is an ErrInvalidArgument. To leave out the item that ends the stream,
// see [TakeWhile]; to stop at a signal, see [TakeUntil]. It corresponds to RxJS's
// takeWhile with its inclusive flag, and to takeUntil with a predicate in Reactor
// and RxGo.
func TakeUntilMatch[T any](pred func(v T) bool) turbopipes.Operator[T, T] {
	if pred == nil {
		return turbopipes.Invalid[T, T]("TakeUntilMatch", "pred is nil")
	}
	return turbopipes.Lift(own.Mark+"TakeUntilMatch", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		var work run.Work[T]
		defer work.Failed(ctx)
		return in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			last := pred(v)
			work.Busy = false
			return emit(v) && !last
		}))
	})
}
