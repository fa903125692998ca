package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// TopK emits the n greatest items, as ordered by compare, the greatest first.
//
//	in:  b-d-a-c-|   n: 2; compare: the alphabet
//	out: --------(dc|)
//
// Emits when upstream completes: n items, or all items if there are fewer. Of equal
// items, the earlier ones are kept, and they come first. Drops the other items,
// which are not counted. Fails with upstream. Kept items that are undelivered at an
// early end count as discarded, and [OnDiscard] reports them. Completes after the
// last item. Memory: n items. Goroutines: none; compare runs on the subscriber's
// goroutine.
//
// compare returns a negative number when a is less than b, and a positive number
// when a is greater, as cmp.Compare does. For the n least items, reverse compare. An
// n below 1 or a nil compare is an ErrInvalidArgument. For one item, see [Max]; for
// all items, see [Sort].
func TopK[T any](n int, compare func(a, b T) int, opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, T]("TopK", opt.TooSmall("n", n, 1))
	case compare == nil:
		return turbopipes.Invalid[T, T]("TopK", "compare is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("TopK", bad)
	}
	return turbopipes.Lift(own.Mark+"TopK", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		t := topHeap[T]{k: n, compare: compare}
		emitted := 0
		var work run.Work[T]
		defer func() {
			work.Failed(ctx)
			err = fault.Join(err, run.Keep[T](run.At(ctx, "TopK"), o.Discard).Discard(t.left(bool(work.Busy))[emitted:]...))
		}()
		err = in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			t.add(v)
			work.Busy = false
			return true
		}))
		if err != nil {
			return err
		}
		return emitCounted(ctx, t.descending(), &emitted, emit)
	})
}
