package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Scan keeps a state, and emits the state after each item.
//
//	in:  a-b--c-|   seed: A; fn: the later letter in the alphabet, upper case
//	out: A-B--C-|
//
// Emits when an item arrives: the next state, which fn makes from the state and the
// item. The state is seed at first. seed itself is not emitted. Fails and completes
// with upstream. An item on which fn panics counts as failed. Memory: one state.
// Goroutines: none; fn runs on the subscriber's goroutine.
//
// All subscriptions share seed. If fn changes the state in place (a map, a slice,
// the target of a pointer), use [ScanWith], which makes a seed for each
// subscription. With Scan, the second run of a [Retry] would continue with the state
// of the first run. A nil fn is an ErrInvalidArgument. For the last state only, see
// [Reduce]. It corresponds to scan in RxJS and RxGo, and to Reactor's scan, which
// emits the seed first.
func Scan[T, A any](seed A, fn func(state A, v T) A) turbopipes.Operator[T, A] {
	return scan("Scan", func() A { return seed }, fn)
}

func scan[T, S any](name string, seed func() S, fn func(state S, v T) S) turbopipes.Operator[T, S] {
	switch {
	case seed == nil:
		return turbopipes.Invalid[T, S](name, "seed is nil")
	case fn == nil:
		return turbopipes.Invalid[T, S](name, "fn is nil")
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(S) bool) error {
		state := seed()
		var work run.Work[T]
		defer work.Failed(ctx)
		return in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			state = fn(state, v)
			work.Busy = false
			return emit(state)
		}))
	})
}
