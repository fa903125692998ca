package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// OnBackpressureBatch gives a downstream that waits each item at once, in a
// slice of its own, and a busy one, when it is free again, all that have piled
// up, at most n. When n wait, upstream is held.
//
//	in:  a-b-c--d-|          n: 3
//	out: a----{bc}----d----|     downstream takes 5 for an item
//
// Emits when downstream is free and an item waits; what waits is delivered
// before a completion or an error. Downstream owns the slice. Memory: two times
// n items. Goroutines: one, for upstream. An n below 1 is an
// ErrInvalidArgument. It corresponds to Pekko's batch.
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
