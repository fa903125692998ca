package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// FindIndex gives the index, counted from 0, of the first item that pred is true
// for, or -1.
//
//	in:  1-2-a-b-|   pred: letters
//	out: ----(2|)
//
// Emits when an item comes that pred is true for, and completes right after it, when
// upstream was stopped and reaped; where no item matches it emits -1 when upstream
// completes. Fails with upstream. The items that it looks at count nowhere. Memory:
// none. Goroutines: none; pred runs on the subscriber's.
//
// A nil pred is an ErrInvalidArgument. For the item itself see [Find]. It
// corresponds to RxJS's findIndex.
func FindIndex[T any](pred func(v T) bool) turbopipes.Operator[T, int] {
	if pred == nil {
		return turbopipes.Invalid[T, int]("FindIndex", "pred is nil")
	}
	out := leavingOut[T]()
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
