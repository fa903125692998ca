package operators

import (
	"github.com/turbopipes/turbopipes"
)

// ReduceWith is [Reduce] with a new seed for each subscription.
//
//	in:  a-c--b-|   seed: makes a; fn: the later letter in the alphabet
//	out: -------(c|)
//
// Emits when upstream completes: the state. The state is seed's result at first. For
// each item, fn makes the next state from the state and the item. For an empty
// stream it emits the first state. Fails with upstream, without the state. The items
// in the state then count as discarded, and [OnDiscard] is called with the state
// once for each of them. Memory: one state. Goroutines: none; seed and fn run on the
// subscriber's goroutine. seed is called before upstream is subscribed to.
//
// Use it if fn changes the state in place: a map, a slice, the target of a pointer.
// With Reduce, the subscriptions would share the state, and the second run of a
// [Retry] would continue with the state of the first run.
//
// A nil seed or fn is an ErrInvalidArgument. To emit the state after each item, see
// [ScanWith]; for a map of the items, see [ToMap] or [ToMultiMap]. It corresponds to
// Reactor's reduceWith and collect.
func ReduceWith[T, S any](seed func() S, fn func(state S, v T) S, opts ...turbopipes.LossOption) turbopipes.Operator[T, S] {
	return reduce("ReduceWith", seed, fn, opts)
}
