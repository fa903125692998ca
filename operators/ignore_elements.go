package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// IgnoreElements drops every item, and passes only the end.
//
//	in:  a-b-c-|
//	out: ------|
//
// Emits when upstream ends: never an item, only the end. Drops every item at once,
// so upstream never waits. The items are not counted in [turbopipes.Stats]. Fails
// and completes with upstream. Memory: none. Goroutines: none; it runs on the
// subscriber's goroutine.
//
// To run a stream for its effects, drain it: no operator is needed for that. To drop
// only some of the items, see [Filter]. It corresponds to ignoreElements in RxJS,
// Reactor and RxGo.
func IgnoreElements[T any]() turbopipes.Operator[T, T] {
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"IgnoreElements", func(ctx context.Context, in turbopipes.Observable[T], _ func(T) bool) error {
		return in.Push(ctx, out.item)
	})
}
