package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// OnBackpressureBatch gives a downstream that waits each item at once, in a
// slice of its own, and a busy one, when it is free again, all that have piled
// up, at most max. When max wait, upstream is held.
//
//	in:  a-b-c--d-|          max: 3
//	out: a----{bc}----d----|     downstream takes 5 for an item
//
// Emits when downstream is free and an item waits; what waits is delivered
// before a completion or an error. Downstream owns the slice. Memory: two times
// max items. Goroutines: one, for upstream. A max below 1 is an
// ErrInvalidArgument. It corresponds to Pekko's batch.
func OnBackpressureBatch[T any](max int, opts ...BackpressureOption[T]) turbopipes.Operator[T, []T] {
	const name = "OnBackpressureBatch"
	o, bad := backpressureOptions("", opts)
	switch {
	case max < 1:
		return turbopipes.Invalid[T, []T](name, "max is less than 1")
	case bad != "":
		return turbopipes.Invalid[T, []T](name, bad)
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		b := handoff.OpenBoundary[T](ctx, name, max, nil)
		b.Lost = dropping(o).At(b.Stage())
		run.NoteSlices[T](b.Record())
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
