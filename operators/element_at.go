package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// ElementAt gives the item with index i, counted from 0, and completes.
//
//	in:  a-b-c-d-|   i: 2
//	out: ----(c|)
//
// Emits when the item with index i comes, and completes right after it, when upstream
// was stopped and reaped. Drops the items before. Fails with upstream, or with an
// ErrIndexOutOfRange where that completes before, also when it is stopped gracefully.
// What is left out counts nowhere. Memory: none. Goroutines: none; it runs inside its
// subscriber's.
//
// A negative i is an ErrInvalidArgument. For the first item see [First]; to
// complete without an error where there is none, [Skip] and then [Take]. It
// corresponds to elementAt in RxJS, Reactor and RxGo.
func ElementAt[T any](i int) turbopipes.Operator[T, T] {
	if i < 0 {
		return turbopipes.Invalid[T, T]("ElementAt", opt.TooSmall("i", i, 0))
	}
	out := leavingOut[T]()
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
