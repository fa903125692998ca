package operators

import "github.com/turbopipes/turbopipes"

// Max emits the greatest item, as ordered by compare.
//
//	in:  b-c--a-|   compare: the alphabet
//	out: -------(c|)
//
// Emits when upstream completes. If several items are the greatest, it emits the
// first of them. For an empty stream it emits nothing. Fails with upstream, without
// an item. The item that it holds then counts as discarded, and [OnDiscard] reports
// it. The other items are not counted. Memory: one item. Goroutines: none; compare
// runs on the subscriber's goroutine.
//
// compare returns a negative number when a is less than b, and a positive number
// when a is greater, as cmp.Compare does. A nil compare is an ErrInvalidArgument.
// For the least item, see [Min]; for several of the greatest items, see [TopK]. It
// corresponds to max in RxJS and RxGo, and to Reactor's MathFlux.
func Max[T any](compare func(a, b T) int, opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	if compare == nil {
		return turbopipes.Invalid[T, T]("Max", "compare is nil")
	}
	return extremum("Max", func(a, b T) int { return compare(b, a) }, opts)
}
