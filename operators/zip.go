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

// Zip emits fn's result for the first items of upstream and other, then for the
// second items, and so on.
//
//	a:   a--b-c---|
//	b:   -1------2-|
//	out: -{a1}------{b2}-|
//
// Emits when both sides have an item that is not paired yet. Fails when a side
// fails: the other side is cancelled and reaped first. Completes when a side has
// completed and has no unpaired item left, at once if that is known. The other side
// is then cancelled. Its further items are lost, and not counted. At any other end,
// the unpaired items of both sides count as discarded, and [OnDiscard] reports them.
// Both items of a pair count as failed if fn panics on it.
//
// Both sides are subscribed to at once. Backpressure: a side waits when it is one
// item ahead. Memory: one item per side. Goroutines: two, one per side, joined
// before Zip ends; fn runs on the subscriber's goroutine.
//
// A nil fn, or the zero Observable as other, is an ErrInvalidArgument. It
// corresponds to zip in RxJS and Reactor, and to RxGo's ZipFromIterable.
func Zip[A, B, R any](other turbopipes.Observable[B], fn func(a A, b B) R, opts ...turbopipes.LossOption) turbopipes.Operator[A, R] {
	o, bad := lossOptions(opts)
	switch {
	case other.IsZero():
		return turbopipes.Invalid[A, R]("Zip", "other is the zero Observable")
	case fn == nil:
		return turbopipes.Invalid[A, R]("Zip", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[A, R]("Zip", bad)
	}
	return turbopipes.Lift(own.Mark+"Zip", func(ctx context.Context, in turbopipes.Observable[A], emit func(R) bool) (err error) {
		z := openZip(ctx, "Zip", o, in, other)
		defer func() {
			if err == nil && (z.a.over() || z.b.over()) {
				z.Complete()
			}
			z.close(&err)
		}()
		for z.pair() {
			a, b := z.a.take(), z.b.take()
			var r R
			z.try(a, b, func() { r = fn(a, b) })
			if !emit(r) {
				return nil
			}
		}
		return z.err()
	})
}

// zipRun holds two upstreams from which items are taken in pairs.
type zipRun[A, B any] struct {
	*feed.Band
	left   *feed.Feed[A]
	right  *feed.Feed[B]
	ins    <-chan A // the items of left
	others <-chan B // the items of right
	a      zipSide[A]
	b      zipSide[B]
	as     run.Account[A]
	bs     run.Account[B]
}

func openZip[A, B any](ctx context.Context, name string, o opt.Loss, in turbopipes.Observable[A], other turbopipes.Observable[B]) *zipRun[A, B] {
	z := &zipRun[A, B]{Band: feed.OpenBand(ctx, name)}
	as, bs := run.Hooks[A]{Each: o.Discard}, run.Hooks[B]{Each: o.Discard}
	z.as, z.bs = as.At(z.Stage()), bs.At(z.Stage())
	z.left, z.right = feed.In(z.Band, as, in.Push), feed.In(z.Band, bs, other.Push)
	z.ins, z.others = z.left.Items(), z.right.Items()
	return z
}

// pair waits for an item of each side. It returns false if no further pair is
// possible, or none comes in time.
//
// pair receives from a side only until the side has an item. It does not receive
// again to learn whether the side has ended, because the side would then hold two
// items.
func (z *zipRun[A, B]) pair() bool {
	for !z.a.has || !z.b.has {
		if z.a.over() || z.b.over() {
			return false
		}
		select {
		case v, more := <-onlyIf(z.a.wants(), z.ins):
			z.a.receive(v, more)
		case v, more := <-onlyIf(z.b.wants(), z.others):
			z.b.receive(v, more)
		case <-z.Ctx.Done():
			return false
		case <-z.Broken(): // the side that has failed may still have an item
			return z.Linger(z.receive) && z.a.has && z.b.has
		}
	}
	return true
}

// onlyIf returns items, or nil if they are not wanted.
func onlyIf[T any](wanted bool, items <-chan T) <-chan T {
	if !wanted {
		return nil
	}
	return items
}

// receive takes an item that is already there, if any. It reports whether there is
// nothing more to wait for.
func (z *zipRun[A, B]) receive() bool {
	select {
	case v, more := <-onlyIf(z.a.wants(), z.ins):
		z.a.receive(v, more)
	case v, more := <-onlyIf(z.b.wants(), z.others):
		z.b.receive(v, more)
	default:
	}
	return z.a.has && z.b.has || z.a.over() || z.b.over()
}

// end returns the error of a side that has failed and has no item left.
func (z *zipRun[A, B]) end() error {
	if z.a.ended && z.left.End() != nil {
		return z.left.End()
	}
	if z.b.ended {
		return z.right.End()
	}
	return nil
}

// err returns the error of the stream when no further pair is possible.
func (z *zipRun[A, B]) err() error {
	if err := z.end(); err != nil {
		return err
	}
	if z.a.has != z.b.has || !z.a.over() && !z.b.over() {
		return z.Failure() // the other side has not sent a partner
	}
	return nil
}

// close joins both sides. Unless the stream has completed, it counts the items
// without a partner as discarded.
func (z *zipRun[A, B]) close(err *error) {
	z.Close(err)
	if z.Completed() {
		return
	}
	if z.a.has {
		*err = fault.Join(*err, z.as.Discard(z.a.take()))
	}
	if z.b.has {
		*err = fault.Join(*err, z.bs.Discard(z.b.take()))
	}
}

// try calls f, a function of the user, on a pair. Both items count as failed if f
// does not return.
func (z *zipRun[A, B]) try(a A, b B, f func()) {
	z.as.Try(a, func() { z.bs.Try(b, f) })
}
