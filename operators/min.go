package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Min gives the least item, by compare.
//
//	in:  b-a--c-|   compare: the alphabet
//	out: -------(a|)
//
// Emits when upstream completes: the first of the least items. An empty stream
// gives nothing. Fails with upstream, without an item. Memory: one item.
// Goroutines: none; compare runs on the subscriber's.
//
// compare gives a negative number when a is less than b, and a positive one when
// it is greater, as cmp.Compare does. A nil compare is an ErrInvalidArgument. For
// the greatest see [Max]; for all in order, [Sort]. It corresponds to min in RxJS
// and RxGo, and Reactor's MathFlux.
func Min[T any](compare func(a, b T) int) turbopipes.Operator[T, T] {
	return least("Min", compare)
}

// least is what Min and Max have in common.
func least[T any](name string, compare func(a, b T) int) turbopipes.Operator[T, T] {
	if compare == nil {
		return turbopipes.Invalid[T, T](name, "compare is nil")
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		var best T
		found := false
		err := in.Push(ctx, func(v T) bool {
			if !found || compare(v, best) < 0 {
				best, found = v, true
			}
			return true
		})
		if err == nil && found { // nothing was emitted, so nothing was refused
			emit(best)
		}
		return err
	})
}
