package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// FilterMap emits fn's result for each item for which fn also returns true.
//
//	in:  a-1-b-2-|   fn: to upper case, of letters
//	out: A---B---|
//
// Emits when an item comes and fn's second result is true. Drops the other items,
// which are not counted in [turbopipes.Stats]. Fails and completes with upstream.
// Memory: none. Goroutines: none; fn runs on the subscriber's goroutine.
//
// fn must be quick, and can't fail. A nil fn is an ErrInvalidArgument. It
// corresponds to Reactor's handle and Pekko's collect. It does in one step what
// [Filter] and [Map] do in two.
func FilterMap[T, R any](fn func(v T) (r R, ok bool)) turbopipes.Operator[T, R] {
	if fn == nil {
		return turbopipes.Invalid[T, R]("FilterMap", "fn is nil")
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"FilterMap", func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		var work run.Work[T]
		defer work.Failed(ctx)
		return in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			r, ok := fn(v)
			work.Busy = false
			if ok {
				return emit(r)
			}
			return out.item(v)
		}))
	})
}
