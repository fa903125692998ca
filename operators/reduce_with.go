package operators

import (
	"github.com/turbopipes/turbopipes"
)

// ReduceWith is [Reduce] with a fresh seed for each subscription.
//
//	in:  a-c--b-|   seed: makes a; fn: the later letter in the alphabet
//	out: -------(c|)
//
// Emits when upstream completes: the state, which is what seed returns at first,
// then what fn makes of it and each item. An empty stream gives the first state.
// Fails with upstream, without the state; the items in it count as discarded then, and
// [OnDiscard] is called with the state once for each of them. Memory: one state. Goroutines: none; seed
// and fn run on the subscriber's, seed before upstream is subscribed to.
//
// Use it where fn changes the state in place: a map, a slice, what a pointer points
// to. With Reduce such a state would be shared between subscriptions, and the second
// run of a [Retry] would count on from the first.
//
// A nil seed or fn is an ErrInvalidArgument. For every state on the way, see
// [ScanWith]; for a map of the items, [ToMap] or [ToMultiMap]. It corresponds to
// Reactor's reduceWith and collect.
func ReduceWith[T, S any](seed func() S, fn func(state S, v T) S, opts ...turbopipes.LossOption) turbopipes.Operator[T, S] {
	return reduce("ReduceWith", seed, fn, opts)
}
