package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Take gives the first n items.
//
//	in:  a-b-c-d-|   n: 2
//	out: a-(b|)
//
// Emits when one of the first n items comes. Completes right after the n-th, when
// upstream was stopped and reaped, or with upstream where that has fewer. Fails with
// upstream. What comes after the end counts nowhere. Memory: none. Goroutines: none;
// it runs inside its subscriber's.
//
// An n of 0 completes without subscribing to upstream; a negative one is an
// ErrInvalidArgument. For a condition instead of a count, see [TakeWhile]. It
// corresponds to take in RxJS, Reactor and RxGo.
func Take[T any](n int) turbopipes.Operator[T, T] {
	if n < 0 {
		return turbopipes.Invalid[T, T]("Take", opt.TooSmall("n", n, 0))
	}
	return turbopipes.Lift(own.Mark+"Take", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		if n == 0 {
			return nil
		}
		left := n
		return in.Push(ctx, func(v T) bool {
			left--
			return emit(v) && left > 0
		})
	})
}
