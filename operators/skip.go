package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Skip drops the first n items.
//
//	in:  a-b-c-d-|   n: 2
//	out: ----c-d-|
//
// Emits when an item after the n-th arrives. Drops the first n items, which are not
// counted. Fails and completes with upstream. Memory: none. Goroutines: none; it
// runs on the subscriber's goroutine.
//
// An n of 0 lets every item through. A negative n is an ErrInvalidArgument. To use a
// condition instead of a count, see [SkipWhile]. It corresponds to skip in RxJS,
// Reactor and RxGo.
func Skip[T any](n int) turbopipes.Operator[T, T] {
	if n < 0 {
		return turbopipes.Invalid[T, T]("Skip", opt.TooSmall("n", n, 0))
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"Skip", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		left := n
		return in.Push(ctx, func(v T) bool {
			if left > 0 {
				left--
				return out.item(v)
			}
			return emit(v)
		})
	})
}
