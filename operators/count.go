package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Count gives the number of items.
//
//	in:  a-b--c-|
//	out: -------(3|)
//
// Emits when upstream completes; an empty stream gives 0. Fails with upstream,
// without a number. Memory: one number. Goroutines: none; it runs inside its
// subscriber's.
//
// To count some of the items only, put [Filter] before it; for the position of
// each item, see [Index]. It corresponds to count in RxJS, Reactor and RxGo.
func Count[T any]() turbopipes.Operator[T, int] {
	return turbopipes.Lift(own.Mark+"Count", func(ctx context.Context, in turbopipes.Observable[T], emit func(int) bool) error {
		n := 0
		err := in.Push(ctx, func(T) bool {
			n++
			return true
		})
		if err == nil { // nothing was emitted, so nothing was refused
			emit(n)
		}
		return err
	})
}
