package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// FindIndex emits the index, counted from 0, of the first item for which pred is
// true, or -1 if there is none.
//
//	in:  1-2-a-b-|   pred: letters
//	out: ----(2|)
//
// Emits when pred returns true for an item: its index. It then stops upstream, and
// completes once upstream is reaped. If no item matches, it emits -1 when upstream
// completes. Fails with upstream. The items that it looks at are not counted in
// [turbopipes.Stats]. Memory: none. Goroutines: none; pred runs on the subscriber's
// goroutine.
//
// A nil pred is an ErrInvalidArgument. For the item itself, see [Find]. It
// corresponds to RxJS's findIndex.
func FindIndex[T any](pred func(v T) bool) turbopipes.Operator[T, int] {
	if pred == nil {
		return turbopipes.Invalid[T, int]("FindIndex", "pred is nil")
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"FindIndex", func(ctx context.Context, in turbopipes.Observable[T], emit func(int) bool) error {
		var work run.Work[T]
		defer work.Failed(ctx)
		n, found := 0, false
		err := in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			found = pred(v)
			work.Busy = false
			out.item(v)
			if found {
				emit(n)
			}
			n++
			return !found
		}))
		if err == nil && !found {
			emit(-1)
		}
		return err
	})
}
