package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
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
// the other side has not. Memory: the items of two windows. When the stream ends
// early, the items that have had no partner yet count as discarded, and so does an
// item that a side waits with. [OnDiscard] is called for them. Goroutines: two, one
// for each side, joined before the stream ends; the functions run on the
// subscriber's goroutine.
//
// A negative window, a nil function, or the zero Observable as other is an
// ErrInvalidArgument. For pairs by position, see [Zip]. It corresponds to RxGo's
// Join, and to Reactor's join, whose windows are streams.
func Join[A, B, R any](other turbopipes.Observable[B], window time.Duration, atA func(a A) time.Time, atB func(b B) time.Time, fn func(a A, b B) R, opts ...turbopipes.LossOption) turbopipes.Operator[A, R] {
	o, bad := lossOptions(opts)
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
		up := feed.Open(ctx, "Join", run.Hooks[A]{Each: o.Discard}, in.Push)
		partner := feed.Join(up.Scope, run.Hooks[B]{Each: o.Discard}, other.Push)
		as, bs := run.Keep[A](up.Scope.Stage(), o.Discard), run.Keep[B](up.Scope.Stage(), o.Discard)
		a, b := joinSide[A]{at: atA}, joinSide[B]{at: atB}
		over := func() bool { return a.ended && b.ended || a.useless() || b.useless() }
		defer func() {
			if over() {
				up.Scope.Complete()
			}
			up.Scope.Close(&err)
			if !up.Scope.Completed() {
				err = fault.Join(err, as.Discard(a.left()...), bs.Discard(b.left()...))
			}
		}()
		// If fn panics, the item that has just come counts as failed.
		fromLeft := func(a A, b B) bool {
			var r R
			as.Try(a, func() { r = fn(a, b) })
			return emit(r)
		}
		fromRight := func(b B, a A) bool {
			var r R
			bs.Try(b, func() { r = fn(a, b) })
			return emit(r)
		}
		for !over() {
			going := true
			select {
			case v, more := <-nilIf(a.held(b.joinProgress, window), up.Items()):
				going = matchPairs(&a, &b, v, more, window, fromLeft)
			case v, more := <-nilIf(b.held(a.joinProgress, window), partner.Items()):
				going = matchPairs(&b, &a, v, more, window, fromRight)
			case <-up.Done():
				return nil
			}
			if !going {
				return nil
			}
		}
		return nil
	})
}

// nilIf returns in, or nil when held: nothing can be received from a nil channel.
func nilIf[T any](held bool, in <-chan T) <-chan T {
	if held {
		return nil
	}
	return in
}
