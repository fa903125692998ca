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
// Emits when a slice comes, each of its items in order; an empty or nil slice gives
// none. Fails and completes with upstream. A graceful stop lets the slice in hand out
// whole. Where downstream wants no more in the middle of a slice, or ctx ends there,
// the rest of the slice is discarded and counted: [OnDiscard] hears of its
// items.
//
// Backpressure: upstream's emit waits until the slice is through. Memory: the slice in
// hand, which is not copied: its owner must not change it before emit has returned.
// Goroutines: none; it runs inside its subscriber's.
//
// For slices that are made of items, see [FlatMapSeq] with slices.Values; for the way
// there, [BufferWithCount]. It corresponds to Reactor's flatMapIterable and Pekko's
// mapConcat.
func Unbatch[T any](opts ...turbopipes.LossOption) turbopipes.Operator[[]T, T] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[[]T, T]("Unbatch", bad)
	}
	return turbopipes.Lift(own.Mark+"Unbatch", func(ctx context.Context, in turbopipes.Observable[[]T], emit func(T) bool) (err error) {
		var rest []T // of the slice in hand, what was not given to emit
		defer func() { err = fault.Join(err, run.Keep[T](run.At(ctx, "Unbatch"), o.Discard).Discard(rest...)) }()
		return in.Push(ctx, func(batch []T) bool {
			rest = batch
			for i, v := range batch {
				if i%glance == glance-1 && ctx.Err() != nil {
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
