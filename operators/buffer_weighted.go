package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// BufferWeighted gathers items into slices of at most max in weight.
//
//	in:  a-b-C-d-|   max: 3, weight: 1 for lower case, else 2
//	out: ----x---(y|)   x: a b, y: C d
//
// Emits when an item comes that would lift the slice's weight above max, the slice
// without it, and at completion what is left. An item that weighs more than max comes at once, in a
// slice of its own, behind what waits. Never an empty slice. Fails with upstream,
// and with an ErrInvalidArgument when weight gives a negative number; what waits is
// discarded.
//
// Downstream owns the slices. Backpressure: upstream's emit is downstream's.
// Memory: the items of a slice, however many weigh nothing. Goroutines: none;
// weight runs on the subscriber's.
//
// A max below 1 or a nil weight is an ErrInvalidArgument. Where all weigh the same
// see [BufferWithCount]. It corresponds to Pekko's groupedWeighted.
func BufferWeighted[T any](max int64, weight func(v T) int64) turbopipes.Operator[T, []T] {
	switch {
	case max < 1:
		return turbopipes.Invalid[T, []T]("BufferWeighted", "max is less than 1")
	case weight == nil:
		return turbopipes.Invalid[T, []T]("BufferWeighted", "weight is nil")
	}
	return turbopipes.Lift(own.Mark+"BufferWeighted", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) error {
		var b gathering[T]
		var sum int64
		var failed error
		defer func() { run.Count(ctx, b.held()) }()
		err := flushing(ctx, bufferOptions{}, in, func(v T) bool {
			w := weight(v)
			if w < 0 {
				failed = fmt.Errorf("%w: BufferWeighted: weight gives %d", turbopipes.ErrInvalidArgument, w)
				return false
			}
			if w > max-sum {
				if sum = 0; !b.rest(emit) {
					return false
				}
			}
			b.add(v)
			if w > max {
				return b.rest(emit)
			}
			sum += w
			return true
		}, func() { b.rest(emit) })
		return fault.Join(failed, err)
	})
}
