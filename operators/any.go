package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Any reports whether pred is true for at least one item.
//
//	in:  1-2-a-3-|   pred: letters
//	out: ----(t|)    t: true
//
// Emits when pred returns true for an item: true. It then stops upstream, and
// completes once upstream is reaped. If there is no such item, it emits false when
// upstream completes, also for an empty stream. Fails when upstream fails before the
// answer. The items that it looks at are not counted in [turbopipes.Stats]. Memory:
// none. Goroutines: none; pred runs on the subscriber's goroutine.
//
// A nil pred is an ErrInvalidArgument. For the item itself, see [Find]; to ask for a
// value, [Contains]; to ask about all items, [All]; to ask whether there is any
// item, [IsEmpty]. It corresponds to RxJS's find with a test of the result, to
// Reactor's any and to RxGo's Contains.
func Any[T any](pred func(v T) bool) turbopipes.Operator[T, bool] {
	if pred == nil {
		return turbopipes.Invalid[T, bool]("Any", "pred is nil")
	}
	return firstVerdict("Any", pred, true)
}

// firstVerdict emits verdict at the first item for which decides returns true. If there
// is none, it emits the opposite when upstream completes.
func firstVerdict[T any](name string, decides func(v T) bool, verdict bool) turbopipes.Operator[T, bool] {
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(bool) bool) error {
		var work run.Work[T]
		defer work.Failed(ctx)
		found := false
		err := in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			found = decides(v)
			work.Busy = false
			out.item(v)
			if found {
				emit(verdict)
			}
			return !found
		}))
		if err == nil && !found {
			emit(!verdict)
		}
		return err
	})
}
