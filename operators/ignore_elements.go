package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// IgnoreElements drops every item: it gives only the end.
//
//	in:  a-b-c-|
//	out: ------|
//
// Emits when nothing else is left: never an item, only the end. Drops every item, so
// nothing holds upstream back. Fails and completes with upstream. What is left out
// counts nowhere. Memory: none. Goroutines: none; it runs inside its subscriber's.
//
// To run a stream for its effects, drain it: that needs no operator. To drop some
// of the items, see [Filter]. It corresponds to ignoreElements in RxJS, Reactor
// and RxGo.
func IgnoreElements[T any]() turbopipes.Operator[T, T] {
	out := leavingOut[T]()
	return turbopipes.Lift(own.Mark+"IgnoreElements", func(ctx context.Context, in turbopipes.Observable[T], _ func(T) bool) error {
		return in.Push(ctx, out.item)
	})
}
