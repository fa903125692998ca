package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Map emits fn's result for each item.
//
//	in:  a-b--c-|   fn: to upper case
//	out: A-B--C-|
//
// Emits when an item arrives. Fails and completes with upstream. An item on which fn
// panics counts as failed. Memory: none. Goroutines: none; fn runs on the
// subscriber's goroutine.
//
// Map is for an fn that is quick and can't fail. For an fn that takes time or can
// fail, see [TryMap]; to run several calls in parallel, see [Parallel]. A nil fn is
// an ErrInvalidArgument. It corresponds to map in RxJS, Reactor and RxGo.
func Map[T, R any](fn func(v T) R) turbopipes.Operator[T, R] {
	if fn == nil {
		return turbopipes.Invalid[T, R]("Map", "fn is nil")
	}
	return turbopipes.Lift(own.Mark+"Map", func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		var work run.Work[T]
		defer work.Failed(ctx)
		return in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			r := fn(v)
			work.Busy = false
			return emit(r)
		}))
	})
}
