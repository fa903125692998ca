package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// BufferWeighted collects items into slices that weigh at most n.
//
//	in:  a-b-C-d-|   n: 3, weight: 1 for lower case, else 2
//	out: ----x---(y|)   x: a b, y: C d
//
// Emits when an item comes that would make the slice heavier than n: the slice
// without that item. At completion it emits the last slice. An item that weighs more
// than n is emitted at once, in a slice of its own, after the items that wait. A
// slice is never empty. Fails with upstream, and with an ErrInvalidArgument when
// weight returns a negative number. Items that wait are then discarded, and the item
// with the negative weight counts as failed.
//
// A lost slice counts as its items, and [OnDiscard] is called for each of them.
// Downstream owns the slices. Backpressure: upstream's emit calls downstream's, so
// upstream waits while downstream is busy. Memory: the items of one slice; items
// that weigh nothing are not limited. Goroutines: none; weight runs on the
// subscriber's goroutine.
//
// An n below 1 or a nil weight is an ErrInvalidArgument. For items of equal weight,
// see [BufferWithCount]. It corresponds to Pekko's groupedWeighted.
func BufferWeighted[T any](n int64, weight func(v T) int64, opts ...turbopipes.LossOption) turbopipes.Operator[T, []T] {
	o, bad := lossOptions(opts)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, []T]("BufferWeighted", opt.TooSmall("n", n, 1))
	case weight == nil:
		return turbopipes.Invalid[T, []T]("BufferWeighted", "weight is nil")
	case bad != "":
		return turbopipes.Invalid[T, []T]("BufferWeighted", bad)
	}
	return turbopipes.Lift(own.Mark+"BufferWeighted", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		var b openSlice[T]
		var sum int64
		var failed error
		lost := run.Keep[T](run.At(ctx, "BufferWeighted"), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() { err = fault.Join(err, lost.Discard(b.left()...)) }()
		var work run.Work[T]
		defer work.Failed(ctx)
		err = runBuffer(ctx, false, in, work.On(func(v T) bool {
			work.Busy = true
			w := weight(v)
			work.Busy = false
			if w < 0 {
				lost.Failed(lost.Weight(v))
				failed = fmt.Errorf("%w: BufferWeighted: weight returns %d, want at least 0", turbopipes.ErrInvalidArgument, w)
				return false
			}
			more := true
			if w > n-sum && len(b.items) > 0 {
				sum = 0
				more = emit(b.next(v))
			} else {
				b.add(v)
			}
			if w > n {
				return more && b.rest(emit)
			}
			sum += w
			return more
		}), func(bool) { b.rest(emit) })
		return fault.Join(failed, err)
	})
}
