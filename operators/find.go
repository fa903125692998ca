package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Find emits the first item for which pred is true, and completes.
//
//	in:  1-2-a-b-|   pred: letters
//	out: ----(a|)
//
// Emits when pred returns true for an item. It then stops upstream, and completes
// once upstream is reaped. Drops the items before, which are not counted in
// [turbopipes.Stats]. Fails with upstream. Completes empty if no item matches.
// Memory: none. Goroutines: none; pred runs on the subscriber's goroutine.
//
// A nil pred is an ErrInvalidArgument. For all matches, see [Filter]; for the index
// of the first match, [FindIndex]; to ask whether there is a match, [Any]. It
// corresponds to find in RxJS and RxGo, and to Reactor's filter and next. RxJS emits
// undefined if nothing matches.
func Find[T any](pred func(v T) bool) turbopipes.Operator[T, T] {
	if pred == nil {
		return turbopipes.Invalid[T, T]("Find", "pred is nil")
	}
	out := newLeaveOut[T]()
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
