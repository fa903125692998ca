package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
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
	o, bad := lossOptions(opts)
	switch {
	case seed == nil:
		return turbopipes.Invalid[T, S]("ReduceWith", "seed is nil")
	case fn == nil:
		return turbopipes.Invalid[T, S]("ReduceWith", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, S]("ReduceWith", bad)
	}
	return turbopipes.Lift(own.Mark+"ReduceWith", func(ctx context.Context, in turbopipes.Observable[T], emit func(S) bool) (err error) {
		f := foldingOf[T](ctx, "ReduceWith", o)
		state := seed()
		defer func() { unfold(&f, state, &err) }()
		err = in.Push(ctx, f.On(func(v T) bool {
			f.Busy = true
			state = fn(state, v)
			f.Busy = false
			f.add(v)
			return true
		}))
		if err == nil { // nothing was emitted, so nothing was refused
			f.complete = true
			emit(state)
		}
		return err
	})
}
