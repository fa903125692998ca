package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Join emits fn's result for each pair of an item of upstream and an item of other
// whose times are at most window apart.
//
//	a:   1-3---7-|   each item's time is its digit
//	b:   -2---6-|    window: 1
//	out: -{12}{32}---{76}-|
//
// Emits when the later item of a pair comes. If that item has several partners, the
// pairs come in the order in which the partners came. atA and atB return the times
// of the items, which must not go back within a side; no clock is read. Drops an
// item that finds no partner. An item is forgotten when the newest item of the other
// side is later than it by more than window. Fails when a side fails; the other side
// is cancelled and reaped first. Completes when both sides have completed, or when a
// side has completed and all its items are forgotten; the other side is then
// cancelled.
//
// Both sides are subscribed to at once. Backpressure: both sides wait while
// downstream is busy. A side also waits when its newest item is later than the other
// side's newest item by more than window, and when it has emitted its first item and
// the other side has not. [Buffered] lets each side read n items ahead while it waits;
// a failure of the side then comes after these items. Memory: the items of two windows,
// and the items that were read ahead. When the stream ends early, the items that have
// had no partner yet count as discarded, and so do the items that were read ahead or
// that a side waits with. [OnDiscard] is called for them. Goroutines: two, one
// for each side, joined before the stream ends; the functions run on the
// subscriber's goroutine.
//
// The longest window, math.MaxInt64, has no end. A negative window, a nil function, or
// the zero Observable as other is an ErrInvalidArgument. For pairs by position, see
// [Zip]. It corresponds to RxGo's Join, and to Reactor's join, whose windows are
// streams.
func Join[A, B, R any](other turbopipes.Observable[B], window time.Duration, atA func(a A) time.Time, atB func(b B) time.Time, fn func(a A, b B) R, opts ...CombineOption) turbopipes.Operator[A, R] {
	o, bad := combineOptions(opts)
	switch {
	case other.IsZero():
		bad = "other is the zero Observable"
	case window < 0:
		bad = opt.Negative("window", window)
	case atA == nil:
		bad = "atA is nil"
	case atB == nil:
		bad = "atB is nil"
	case fn == nil:
		bad = "fn is nil"
	}
	if bad != "" {
		return turbopipes.Invalid[A, R]("Join", bad)
	}
	return turbopipes.Lift(own.Mark+"Join", func(ctx context.Context, in turbopipes.Observable[A], emit func(R) bool) (err error) {
		j := joinRun[A, B]{window: window}
		j.a.at, j.b.at = atA, atB
		j.open(ctx, o, in, other)
		defer func() { j.close(&err) }()
		deliver := func(a A, b B) bool {
			j.works = true
			r := fn(a, b)
			j.works = false
			return emit(r)
		}
		deliverB := func(b B, a A) bool { return deliver(a, b) }
		for !j.over() {
			if j.wait() == feed.Over {
				return j.Failure()
			}
			if err := fault.Join(j.left.Err(), j.right.Err()); err != nil {
				return err
			}
			if !j.match(deliver, deliverB) {
				return nil
			}
		}
		return nil
	})
}
