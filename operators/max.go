package operators

import "github.com/turbopipes/turbopipes"

// Max gives the greatest item, by compare.
//
//	in:  b-c--a-|   compare: the alphabet
//	out: -------(c|)
//
// Emits when upstream completes: the first of the greatest items. An empty stream
// gives nothing. Fails with upstream, without an item. The item that it holds then
// counts as discarded, which [OnDiscard] hears of; the others count nowhere. Memory:
// one item. Goroutines: none; compare runs on the subscriber's.
//
// compare gives a negative number when a is less than b, and a positive one when
// it is greater, as cmp.Compare does. A nil compare is an ErrInvalidArgument. For
// the least see [Min]; for several of the greatest, [TopK]. It corresponds to max
// in RxJS and RxGo, and Reactor's MathFlux.
func Max[T any](compare func(a, b T) int, opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	if compare == nil {
		return turbopipes.Invalid[T, T]("Max", "compare is nil")
	}
	return least("Max", func(a, b T) int { return compare(b, a) }, opts)
}
