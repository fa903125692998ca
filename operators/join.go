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

// Join gives fn's result for each pair of an item of upstream and one of other
// whose own times are at most window apart.
//
//	a:   1-3---7-|   each item's time is its digit
//	b:   -2---6-|    window: 1
//	out: -{12}{32}---{76}-|
//
// Emits when the later one of a pair comes; with several partners, in the order in
// which those came. atA and atB tell the times, which must not go back within a
// side; no clock is looked at. Drops what has no partner. An item is forgotten when
// the other side's newest is later by more than window. Fails when a side fails:
// the other is cancelled and reaped first. Completes when both have, or when one has
// and all its items are forgotten: then the other one is cancelled.
//
// Both are subscribed to at once. Backpressure: both wait while downstream is busy,
// and a side waits when its newest item is later than the other's by more than
// window, or is its only one while the other has none. Memory: the items of two
// windows; those that had no partner yet at an early end count as discarded.
// Goroutines: two, one per side, joined before it ends; the functions run on the
// subscriber's.
//
// A negative window, a nil function, or the zero Observable as other is an
// ErrInvalidArgument. For pairs by position see [Zip]. It corresponds to RxGo's
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
		as, bs := run.Keep[A](up.Stage(), o.Discard), run.Keep[B](up.Stage(), o.Discard)
		a, b := joining[A]{at: atA}, joining[B]{at: atB}
		over := func() bool { return a.ended && b.ended || a.useless() || b.useless() }
		defer func() {
			if over() {
				up.Complete()
			}
			up.Close(&err)
			if !up.Completed() {
				err = fault.Join(err, as.Discard(a.left()...), bs.Discard(b.left()...))
			}
		}()
		// The item that has come is the one that fails.
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
			case v, more := <-unless(a.held(b.progress, window), up.Items()):
				going = meet(&a, &b, v, more, window, fromLeft)
			case v, more := <-unless(b.held(a.progress, window), partner.Items()):
				going = meet(&b, &a, v, more, window, fromRight)
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

// unless gives nil, from which nothing is received, when held.
func unless[T any](held bool, in <-chan T) <-chan T {
	if held {
		return nil
	}
	return in
}
