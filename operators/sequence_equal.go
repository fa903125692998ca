package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/own"
)

// SequenceEqual reports whether upstream and other emit equal items in the same
// order.
//
//	a:   a-b-c|
//	b:   -ab---c|
//	out: -------(t|)   t: true
//
// Emits when the result is known. It emits false at the first two items that differ,
// or when one side has an item and the other side has ended. It emits true when both
// sides have completed. Two empty streams are equal. The times at which items arrive
// do not matter. Fails when a side fails before the result is known: the other side
// is cancelled and reaped first. Completes after the result, when both sides are
// cancelled and reaped.
//
// Both sides are subscribed to at once. Backpressure: a side waits when it is one
// item ahead. [Buffered] lets each side read n items further ahead. Memory: one item
// per side, and the items that were read ahead. At an early end, the items that were
// not compared count as discarded, and [OnDiscard] reports them. After the result, the
// items that are left are not counted. Both items count as failed if equal panics on
// them. Goroutines: two, one per side, joined before SequenceEqual ends. equal runs
// on the subscriber's goroutine, with upstream's item as its first argument.
//
// A nil equal, or the zero Observable as other, is an ErrInvalidArgument. For the
// pairs themselves, see [Zip]. It corresponds to sequenceEqual in RxJS and Reactor,
// and to RxGo's SequenceEqual.
func SequenceEqual[T any](other turbopipes.Observable[T], equal func(a, b T) bool, opts ...CombineOption) turbopipes.Operator[T, bool] {
	o, bad := combineOptions(opts)
	switch {
	case other.IsZero():
		return turbopipes.Invalid[T, bool]("SequenceEqual", "other is the zero Observable")
	case equal == nil:
		return turbopipes.Invalid[T, bool]("SequenceEqual", "equal is nil")
	case bad != "":
		return turbopipes.Invalid[T, bool]("SequenceEqual", bad)
	}
	return turbopipes.Lift(own.Mark+"SequenceEqual", func(ctx context.Context, in turbopipes.Observable[T], emit func(bool) bool) (err error) {
		z := openZip(ctx, "SequenceEqual", o, in, other)
		defer func() { z.close(&err) }()
		for z.both() {
			same := !z.a.full && !z.b.full // both have ended
			if z.a.full && z.b.full {
				z.works = true
				same = equal(z.a.v, z.b.v)
				z.works = false
				z.release()
				if same {
					continue
				}
			} else if err := z.end(); err != nil {
				return err
			}
			z.Complete()
			z.Stop() // they unwind while downstream is busy
			emit(same)
			return nil
		}
		return z.Failure()
	})
}

// both waits until each side has an item or has ended. It returns false if ctx has
// ended. It also returns false if a side has failed and the other side does not come
// up with an item.
func (z *zipRun[A, B]) both() bool {
	for !z.fill() && !(z.a.full || z.left.Ended()) || !(z.b.full || z.right.Ended()) {
		if z.wait() == feed.Over {
			return false
		}
	}
	return true
}
