package operators

import (
	"github.com/turbopipes/turbopipes"
)

// ScanWith is [Scan] with a fresh seed for each subscription.
//
//	in:  a-b--c-|   seed: makes A; fn: the later letter in the alphabet, upper case
//	out: A-B--C-|
//
// Emits when an item comes: what fn makes of the state so far, which is what seed
// returns at first, and the item. The first state itself is not emitted. Fails and
// completes with upstream. An item on which fn panics counts as failed. Memory: one
// state. Goroutines: none; seed and fn run on the subscriber's, seed before upstream
// is subscribed to.
//
// Use it where fn changes the state in place: a map, a slice, what a pointer points
// to. With Scan such a state would be shared between subscriptions, and the second
// run of a [Retry] would count on from the first. fn changes what was emitted
// before, too: return a copy where downstream keeps the items.
//
// A nil seed or fn is an ErrInvalidArgument. For the last state only, see
// [ReduceWith]; for a state that has to be closed, [StatefulMap]. It corresponds to
// Reactor's scanWith, which emits the seed first.
func ScanWith[T, S any](seed func() S, fn func(state S, v T) S) turbopipes.Operator[T, S] {
	return scan("ScanWith", seed, fn)
}
