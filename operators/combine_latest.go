package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
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
// downstream is busy. [Buffered] lets each side read n items ahead in that time; a
// failure of the side then comes after these items. Memory: one item for each side,
// and the items that were read ahead. When the stream ends early, an item that waits
// for the other side's first item counts as discarded, and so do the items that were
// read ahead or that a side waits with. [OnDiscard] is called for them. Goroutines: two,
// one for each side, joined before the stream ends; fn runs on the subscriber's
// goroutine.
//
// A nil fn, or the zero Observable as other, is an ErrInvalidArgument. To emit only
// at the items of upstream, see [WithLatestFrom]; to make pairs, [Zip]; for any
// number of streams, [CombineLatestAll]. It corresponds to combineLatest in RxJS,
// Reactor and RxGo. RxJS lets the other side run on when there can be no
// combination.
func CombineLatest[A, B, R any](other turbopipes.Observable[B], fn func(a A, b B) R, opts ...CombineOption) turbopipes.Operator[A, R] {
	o, bad := combineOptions(opts)
	switch {
	case other.IsZero():
		return turbopipes.Invalid[A, R]("CombineLatest", "other is the zero Observable")
	case fn == nil:
		return turbopipes.Invalid[A, R]("CombineLatest", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[A, R]("CombineLatest", bad)
	}
	return turbopipes.Lift(own.Mark+"CombineLatest", func(ctx context.Context, in turbopipes.Observable[A], emit func(R) bool) (err error) {
		c := openLatest(ctx, o, in, other)
		defer func() { c.close(&err) }()
		for !c.over() {
			if c.Await(nil) == feed.Over {
				return c.Failure()
			}
			if err := fault.Join(c.left.Err(), c.right.Err()); err != nil {
				return err
			}
			if !c.due {
				continue // a side has ended
			}
			c.due, c.works = false, true
			r := fn(c.a.v, c.b.v)
			c.works = false
			if !emit(r) {
				return nil
			}
		}
		return nil
	})
}

// latestRun is one run of a CombineLatest. It keeps the latest item of each side.
type latestRun[A, B any] struct {
	*feed.Meet
	left     *feed.Lane[A]
	right    *feed.Lane[B]
	a        singleSlot[A]
	b        singleSlot[B]
	as       run.Account[A]
	bs       run.Account[B]
	due      bool // an item has come, and both sides have one
	fromLeft bool // it is an item of the left side
	works    bool // a function of the user works on it
}

func openLatest[A, B any](ctx context.Context, o opt.Settings, in turbopipes.Observable[A], other turbopipes.Observable[B]) *latestRun[A, B] {
	c := &latestRun[A, B]{Meet: feed.OpenMeet(ctx, "CombineLatest")}
	as, bs := run.Hooks[A]{Each: o.Discard}, run.Hooks[B]{Each: o.Discard}
	c.as, c.bs = as.At(c.Stage()), bs.At(c.Stage())
	c.left = feed.Lay(c.Meet, as, o.Ahead, func(v A) bool {
		c.a.put(v)
		c.due, c.fromLeft = c.b.full, true
		return c.due
	})
	c.right = feed.Lay(c.Meet, bs, o.Ahead, func(v B) bool {
		c.b.put(v)
		c.due, c.fromLeft = c.a.full, false
		return c.due
	})
	c.left.Start(in.Push)
	c.right.Start(other.Push)
	return c
}

// over reports whether there will be no further combination.
func (c *latestRun[A, B]) over() bool {
	return c.Live() == 0 || c.left.Ended() && !c.a.full || c.right.Ended() && !c.b.full
}

// close joins both sides, and accounts for the items.
func (c *latestRun[A, B]) close(err *error) {
	if *err == nil && c.over() { // the stream is complete: an item that waits has no partner, and is not lost
		c.Complete()
	}
	c.Close(err)
	switch {
	case c.works && c.fromLeft: // the function has panicked or called Goexit
		c.as.FailedOn(c.a.v)
	case c.works:
		c.bs.FailedOn(c.b.v)
	case c.Completed():
	case !c.b.full:
		*err = fault.Join(*err, c.as.Discard(c.a.all()...))
	case !c.a.full:
		*err = fault.Join(*err, c.bs.Discard(c.b.all()...))
	}
}
