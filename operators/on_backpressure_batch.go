package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// OnBackpressureBatch emits slices of the items that have arrived while downstream
// was busy, of at most n items each. If downstream is waiting, each item is emitted
// at once, in a slice of its own. When n items wait, upstream is held.
//
//	in:  a-b-c--d-|          n: 3
//	out: a----{bc}----d----|     downstream takes 5 for an item
//
// Emits when downstream is free and an item waits. Waiting items are delivered
// before a completion or an error. Downstream owns the slices. Items that are left
// at an early end count as discarded, and [OnDrop] reports them. Memory: twice n
// items. Goroutines: one, for upstream. An n below 1 is an ErrInvalidArgument. It
// corresponds to Pekko's batch.
func OnBackpressureBatch[T any](n int, opts ...BackpressureOption[T]) turbopipes.Operator[T, []T] {
	const name = "OnBackpressureBatch"
	o, bad := opt.Gather(opt.Typed[T]{}, opts)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, []T](name, opt.TooSmall("n", n, 1))
	case bad != "":
		return turbopipes.Invalid[T, []T](name, bad)
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		b := handoff.OpenBoundary[T](ctx, name, n, nil)
		b.Lost = dropping(o).At(b.Scope.Stage())
		run.NoteSlices[T](b.Scope.Record())
		defer b.Close(&err)
		b.Start(in.Push, b.Put)
		b.Scope.Settle()
		for {
			batch, ok := b.Queue.NextAll()
			if !ok {
				return b.Queue.End()
			}
			if !emit(batch) {
				return nil
			}
		}
	})
}
