package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Take emits the first n items.
//
//	in:  a-b-c-d-|   n: 2
//	out: a-(b|)
//
// Emits when one of the first n items arrives. Completes right after the n-th item,
// when upstream was stopped and reaped, or with upstream if it has fewer items.
// Fails with upstream. Items that arrive after the end are not counted. Memory:
// none. Goroutines: none; it runs on the subscriber's goroutine.
//
// With an n of 0, Take completes without subscribing to upstream. A negative n is an
// ErrInvalidArgument. To use a condition instead of a count, see [TakeWhile]. It
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
