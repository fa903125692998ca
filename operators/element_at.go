package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// ElementAt emits the item with index i, counted from 0, and completes.
//
//	in:  a-b-c-d-|   i: 2
//	out: ----(c|)
//
// Emits when the item with index i comes. It then stops upstream, and completes once
// upstream is reaped. Drops the items before, which are not counted in
// [turbopipes.Stats]. Fails with upstream. Fails with an ErrIndexOutOfRange when
// upstream completes before that item, also because of a graceful stop. Memory:
// none. Goroutines: none; it runs on the subscriber's goroutine.
//
// A negative i is an ErrInvalidArgument. For the first item, see [First]; to
// complete without an error when there is no such item, [Skip] and then [Take]. It
// corresponds to elementAt in RxJS, Reactor and RxGo.
func ElementAt[T any](i int) turbopipes.Operator[T, T] {
	if i < 0 {
		return turbopipes.Invalid[T, T]("ElementAt", opt.TooSmall("i", i, 0))
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"ElementAt", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		n, found := 0, false
		err := in.Push(ctx, func(v T) bool {
			if n < i {
				n++
				return out.item(v)
			}
			found = true
			emit(v)
			return false
		})
		if err == nil && !found {
			return fmt.Errorf("%w: ElementAt: index %d, and %d items", turbopipes.ErrIndexOutOfRange, i, n)
		}
		return err
	})
}
