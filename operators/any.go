package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Any tells whether pred is true for an item.
//
//	in:  1-2-a-3-|   pred: letters
//	out: ----(t|)    t: true
//
// Emits when an item comes that pred is true for: true, and completes right after it,
// when upstream was stopped and reaped; or when upstream completes: false, also where
// there was no item. Fails when upstream fails before. The items that it looks at
// count nowhere. Memory: none. Goroutines: none; pred runs on the subscriber's.
//
// A nil pred is an ErrInvalidArgument. For the item itself see [Find]; to ask for
// a value, [Contains]; for all items, [All]; for whether there is one at all,
// [IsEmpty]. It corresponds to RxJS's find with a test of the result, to Reactor's
// any and to RxGo's Contains.
func Any[T any](pred func(v T) bool) turbopipes.Operator[T, bool] {
	if pred == nil {
		return turbopipes.Invalid[T, bool]("Any", "pred is nil")
	}
	return decided("Any", pred, true)
}

// decided emits verdict at the first item that decides is true for, and the
// opposite where upstream completes without one.
func decided[T any](name string, decides func(v T) bool, verdict bool) turbopipes.Operator[T, bool] {
	out := leavingOut[T]()
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
