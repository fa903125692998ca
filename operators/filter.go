package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Filter passes the items for which pred is true.
//
//	in:  a-1-b-2-|   pred: letters
//	out: a---b---|
//
// Emits when pred returns true for an item. Drops the other items, which are not
// counted in [turbopipes.Stats]. Fails and completes with upstream. Memory: none.
// Goroutines: none; pred runs on the subscriber's goroutine.
//
// A nil pred is an ErrInvalidArgument. To change the items as well, see [FilterMap].
// It corresponds to filter in RxJS, Reactor and RxGo.
func Filter[T any](pred func(v T) bool) turbopipes.Operator[T, T] {
	if pred == nil {
		return turbopipes.Invalid[T, T]("Filter", "pred is nil")
	}
	return filter("Filter", pred, true)
}

// filter passes the items for which pred returns wanted.
func filter[T any](name string, pred func(v T) bool, wanted bool) turbopipes.Operator[T, T] {
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		var work run.Work[T]
		defer work.Failed(ctx)
		return in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			ok := pred(v)
			work.Busy = false
			if ok == wanted {
				return emit(v)
			}
			return out.item(v)
		}))
	})
}
