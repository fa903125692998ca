package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Find gives the first item that pred is true for, and completes.
//
//	in:  1-2-a-b-|   pred: letters
//	out: ----(a|)
//
// Emits when an item comes that pred is true for, and completes right after it, when
// upstream was stopped and reaped. Drops the items before. Fails with upstream.
// Completes empty where no item matches. What is left out counts nowhere. Memory:
// none. Goroutines: none; pred runs on the subscriber's.
//
// A nil pred is an ErrInvalidArgument. For all matches see [Filter]; for the
// index of the first, [FindIndex]; for whether there is one, [Any]. It
// corresponds to find in RxJS, which gives undefined where nothing matches, and
// in RxGo, and to Reactor's filter and next.
func Find[T any](pred func(v T) bool) turbopipes.Operator[T, T] {
	if pred == nil {
		return turbopipes.Invalid[T, T]("Find", "pred is nil")
	}
	out := leavingOut[T]()
	return turbopipes.Lift(own.Mark+"Find", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		var work run.Work[T]
		defer work.Failed(ctx)
		return in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			ok := pred(v)
			work.Busy = false
			if !ok {
				return out.item(v)
			}
			emit(v)
			return false
		}))
	})
}
