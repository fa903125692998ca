package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Unbatch emits the items of slices one by one.
//
//	in:  -x---y-z-|   x: a b, y: empty, z: c
//	out: -(ab)--c-|
//
// Emits when a slice arrives, each of its items in order. For an empty or nil slice
// it emits nothing. Fails and completes with upstream. A graceful stop lets all
// items of the current slice out. If downstream stops or ctx ends in the middle of a
// slice, the rest of the slice counts as discarded, and [OnDiscard] reports its
// items.
//
// Backpressure: upstream's emit waits until all items of the slice are delivered.
// Memory: the current slice. It is not copied, so its owner must not change it
// before emit has returned. Goroutines: none; it runs on the subscriber's goroutine.
//
// To make a slice of each item and emit the slice's items, see [FlatMapSeq] with
// slices.Values; for the inverse, see [BufferWithCount]. It corresponds to Reactor's
// flatMapIterable and Pekko's mapConcat.
func Unbatch[T any](opts ...turbopipes.LossOption) turbopipes.Operator[[]T, T] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[[]T, T]("Unbatch", bad)
	}
	return turbopipes.Lift(own.Mark+"Unbatch", func(ctx context.Context, in turbopipes.Observable[[]T], emit func(T) bool) (err error) {
		var rest []T // the items of the current slice that were not passed to emit
		defer func() { err = fault.Join(err, run.Keep[T](run.At(ctx, "Unbatch"), o.Discard).Discard(rest...)) }()
		return in.Push(ctx, func(batch []T) bool {
			rest = batch
			for i, v := range batch {
				if i%itemsPerCheck == itemsPerCheck-1 && ctx.Err() != nil {
					return false
				}
				rest = batch[i+1:]
				if !emit(v) {
					return false
				}
			}
			rest = nil
			return true
		})
	})
}
