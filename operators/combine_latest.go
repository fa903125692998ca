package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// CombineLatest emits fn's result for the latest items of upstream and other, each
// time that either of them has a new item.
//
//	a:   a---b------|
//	b:   -1----2--|
//	out: -{a1}--{b1}-{b2}----|
//
// Emits when either side does, once both sides have emitted. Every combination is
// delivered. Fails when a side fails; the other side is cancelled and reaped first.
// Completes when both sides have completed. It also completes as soon as a side
// completes that has never emitted: there can be no combination then, and the other
// side is cancelled.
//
// Both sides are subscribed to at once. Backpressure: both sides wait while
// downstream is busy. Memory: one item for each side. When the stream ends early, an
// item that waits for the other side's first item counts as discarded, and so does
// an item that a side waits with. [OnDiscard] is called for them. Goroutines: two,
// one for each side, joined before the stream ends; fn runs on the subscriber's
// goroutine.
//
// A nil fn, or the zero Observable as other, is an ErrInvalidArgument. To emit only
// at the items of upstream, see [WithLatestFrom]; to make pairs, [Zip]; for any
// number of streams, [CombineLatestAll]. It corresponds to combineLatest in RxJS,
// Reactor and RxGo. RxJS lets the other side run on when there can be no
// combination.
func CombineLatest[A, B, R any](other turbopipes.Observable[B], fn func(a A, b B) R, opts ...turbopipes.LossOption) turbopipes.Operator[A, R] {
	o, bad := lossOptions(opts)
	switch {
	case other.IsZero():
		return turbopipes.Invalid[A, R]("CombineLatest", "other is the zero Observable")
	case fn == nil:
		return turbopipes.Invalid[A, R]("CombineLatest", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[A, R]("CombineLatest", bad)
	}
	return turbopipes.Lift(own.Mark+"CombineLatest", func(ctx context.Context, in turbopipes.Observable[A], emit func(R) bool) (err error) {
		left := feed.Open(ctx, "CombineLatest", run.Hooks[A]{Each: o.Discard}, in.Push)
		right := feed.Join(left.Scope, run.Hooks[B]{Each: o.Discard}, other.Push)
		as, bs := run.Keep[A](left.Scope.Stage(), o.Discard), run.Keep[B](left.Scope.Stage(), o.Discard)
		a, b := latestItem[A]{in: left.Items()}, latestItem[B]{in: right.Items()}
		over := func() bool { return a.useless() || b.useless() || a.ended() && b.ended() }
		defer func() {
			if over() { // the stream is complete: an item that waits has no partner, and is not lost
				left.Scope.Complete()
			}
			left.Scope.Close(&err)
			switch {
			case left.Scope.Completed() || a.has == b.has:
			case a.has:
				err = fault.Join(err, as.Discard(a.v))
			default:
				err = fault.Join(err, bs.Discard(b.v))
			}
		}()
		var r R
		combine := func() { r = fn(a.v, b.v) }
		for !over() {
			more := false
			try := func() { as.Try(a.v, combine) } // if fn panics, the item that has just come counts as failed
			select {
			case a.next, more = <-a.in:
				a.receive(more)
			case b.next, more = <-b.in:
				b.receive(more)
				try = func() { bs.Try(b.v, combine) }
			case <-left.Done():
				return nil
			}
			if more && a.has && b.has {
				if try(); !emit(r) {
					return nil
				}
			}
		}
		return nil
	})
}

// latestItem is one side of a CombineLatest.
type latestItem[T any] struct {
	in      <-chan T // nil once it has ended
	next, v T
	has     bool
}

// receive makes next the latest item. more is false when the side has completed.
func (l *latestItem[T]) receive(more bool) {
	if !more {
		l.in = nil
		return
	}
	l.v, l.has = l.next, true
	var none T
	l.next = none // so that no item is kept alive
}

func (l *latestItem[T]) ended() bool { return l.in == nil }

// useless reports whether the side will never have an item.
func (l *latestItem[T]) useless() bool { return l.in == nil && !l.has }
