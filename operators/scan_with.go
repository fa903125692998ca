package operators

import (
	"github.com/turbopipes/turbopipes"
)

// ScanWith is [Scan] with a new seed for each subscription.
//
//	in:  a-b--c-|   seed: makes A; fn: the later letter in the alphabet, upper case
//	out: A-B--C-|
//
// Emits when an item arrives: the next state, which fn makes from the state and the
// item. The state is seed's result at first. The first state itself is not emitted.
// Fails and completes with upstream. An item on which fn panics counts as failed.
// Memory: one state. Goroutines: none; seed and fn run on the subscriber's
// goroutine. seed is called before upstream is subscribed to.
//
// Use it if fn changes the state in place: a map, a slice, the target of a pointer.
// With Scan, the subscriptions would share the state, and the second run of a
// [Retry] would continue with the state of the first run. If fn changes the state in
// place, it also changes the states that were emitted before. Return a copy if
// downstream keeps the items.
//
// A nil seed or fn is an ErrInvalidArgument. For the last state only, see
// [ReduceWith]; for a state that has to be closed, see [StatefulMap]. It corresponds
// to Reactor's scanWith, which emits the seed first.
func ScanWith[T, S any](seed func() S, fn func(state S, v T) S) turbopipes.Operator[T, S] {
	return scan("ScanWith", seed, fn)
}
