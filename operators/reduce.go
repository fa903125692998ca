package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Reduce combines all items into one state, and emits the state at the end.
//
//	in:  a-c--b-|   seed: a; fn: the later letter in the alphabet
//	out: -------(c|)
//
// Emits when upstream completes: the state. The state is seed at first. For each
// item, fn makes the next state from the state and the item. For an empty stream it
// emits seed. Fails with upstream, without the state. The items in the state then
// count as discarded, and [OnDiscard] is called with the state once for each of
// them. Memory: one state. Goroutines: none; fn runs on the subscriber's goroutine.
//
// All subscriptions share seed. If fn changes the state in place (a map, a slice,
// the target of a pointer), use [ReduceWith], which makes a seed for each
// subscription. With Reduce, the second run of a [Retry] would continue with the
// state of the first run. A nil fn is an ErrInvalidArgument. To emit the state after
// each item, see [Scan]. It corresponds to reduce in RxJS, Reactor and RxGo; RxGo's
// starts from nil.
func Reduce[T, A any](seed A, fn func(state A, v T) A, opts ...turbopipes.LossOption) turbopipes.Operator[T, A] {
	return reduce("Reduce", func() A { return seed }, fn, opts)
}

func reduce[T, S any](name string, seed func() S, fn func(state S, v T) S, opts []turbopipes.LossOption) turbopipes.Operator[T, S] {
	o, bad := lossOptions(opts)
	switch {
	case seed == nil:
		return turbopipes.Invalid[T, S](name, "seed is nil")
	case fn == nil:
		return turbopipes.Invalid[T, S](name, "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, S](name, bad)
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(S) bool) (err error) {
		f := foldingOf[T](ctx, name, o)
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
