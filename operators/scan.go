package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Scan keeps a state, and gives it as it is after each item.
//
//	in:  a-b--c-|   seed: A; fn: the later letter in the alphabet, upper case
//	out: A-B--C-|
//
// Emits when an item comes: what fn makes of the state so far, which is seed at first,
// and the item. seed itself is not emitted. Fails and completes with upstream. An item
// on which fn panics counts as failed. Memory: one state. Goroutines: none; fn runs on
// the subscriber's.
//
// All subscriptions share seed. Where fn changes the state in place (a map, a slice,
// what a pointer points to), use [ScanWith], which makes a seed for each: here the
// second run of a [Retry] would count on from the first. A nil fn is an
// ErrInvalidArgument. For the last state only, see [Reduce]. It corresponds to scan
// in RxJS and RxGo, and to Reactor's, which emits the seed first.
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
