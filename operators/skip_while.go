package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// SkipWhile drops the items before the first item for which pred returns false.
//
//	in:  a-b-1-c-|   pred: letters
//	out: ----1-c-|
//
// Emits when an item arrives, beginning with the first item for which pred returns
// false. pred is not called again after that item. Drops the items before, which are
// not counted. Fails and completes with upstream. Memory: none. Goroutines: none;
// pred runs on the subscriber's goroutine.
//
// A nil pred is an ErrInvalidArgument. To drop all items that match a condition, see
// [Filter]; to use a count instead of a condition, see [Skip]. It corresponds to
// skipWhile in RxJS, Reactor and RxGo.
func SkipWhile[T any](pred func(v T) bool) turbopipes.Operator[T, T] {
	if pred == nil {
		return turbopipes.Invalid[T, T]("SkipWhile", "pred is nil")
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"SkipWhile", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		var work run.Work[T]
		defer work.Failed(ctx)
		skipping := true
		return in.Push(ctx, work.On(func(v T) bool {
			if skipping {
				work.Busy = true
				skipping = pred(v)
				work.Busy = false
			}
			if skipping {
				return out.item(v)
			}
			return emit(v)
		}))
	})
}
