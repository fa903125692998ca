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
// item ahead. [Buffered] lets each side read n items further ahead. Memory: one item
// per side, and the items that were read ahead. Goroutines: two, one per side, joined
// before Zip ends; fn runs on the subscriber's goroutine.
//
// A nil fn, or the zero Observable as other, is an ErrInvalidArgument. It
// corresponds to zip in RxJS and Reactor, and to RxGo's ZipFromIterable.
func Zip[A, B, R any](other turbopipes.Observable[B], fn func(a A, b B) R, opts ...CombineOption) turbopipes.Operator[A, R] {
	o, bad := combineOptions(opts)
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
			if err == nil && (z.aOver() || z.bOver()) {
				z.Complete()
			}
			z.close(&err)
		}()
		for z.pair() {
			z.works = true
			r := fn(z.a.v, z.b.v)
			z.works = false
			z.release()
			if !emit(r) {
				return nil
			}
		}
		return z.err()
	})
}

// zipRun holds two upstreams from which items are taken in pairs. The door of a side
// is open while the subscriber waits and the side has no item.
type zipRun[A, B any] struct {
	*feed.Meet
	left  *feed.Lane[A]
	right *feed.Lane[B]
	a     singleSlot[A]
	b     singleSlot[B]
	as    run.Account[A]
	bs    run.Account[B]
	works bool // a function of the user works on the pair
}

func openZip[A, B any](ctx context.Context, name string, o opt.Settings, in turbopipes.Observable[A], other turbopipes.Observable[B]) *zipRun[A, B] {
	z := &zipRun[A, B]{Meet: feed.OpenMeet(ctx, name)}
	as, bs := run.Hooks[A]{Each: o.Discard}, run.Hooks[B]{Each: o.Discard}
	z.as, z.bs = as.At(z.Stage()), bs.At(z.Stage())
	z.left = feed.Lay(z.Meet, as, o.Ahead, func(v A) bool {
		z.a.put(v)
		z.left.Shut()
		return z.b.full || z.right.Ended()
	})
	z.right = feed.Lay(z.Meet, bs, o.Ahead, func(v B) bool {
		z.b.put(v)
		z.right.Shut()
		return z.a.full || z.left.Ended()
	})
	z.left.Shut()
	z.right.Shut()
	z.left.StartInOrder(in.Push)
	z.right.StartInOrder(other.Push)
	return z
}

// aOver and bOver report whether a side has ended and has no item left.
func (z *zipRun[A, B]) aOver() bool { return z.left.Ended() && !z.a.full }
func (z *zipRun[A, B]) bOver() bool { return z.right.Ended() && !z.b.full }

// pair waits for an item of each side. It returns false if no further pair is
// possible, or none comes in time.
func (z *zipRun[A, B]) pair() bool {
	for !z.fill() {
		if z.aOver() || z.bOver() || z.wait() == feed.Over {
			return false
		}
	}
	return true
}

// fill takes items that are there. It reports whether the pair is complete.
func (z *zipRun[A, B]) fill() bool {
	if !z.a.full {
		z.a.v, z.a.full = z.left.Take()
	}
	if !z.b.full {
		z.b.v, z.b.full = z.right.Take()
	}
	return z.a.full && z.b.full
}

// wait waits for an item of a side that has none, or for the end of a side.
func (z *zipRun[A, B]) wait() feed.Why {
	if !z.a.full {
		z.left.Open()
	}
	if !z.b.full {
		z.right.Open()
	}
	why := z.Await(nil)
	z.left.Shut()
	z.right.Shut()
	return why
}

// release forgets the pair.
func (z *zipRun[A, B]) release() { z.a, z.b = singleSlot[A]{}, singleSlot[B]{} }

// end returns the error of a side that has failed and has no item left.
func (z *zipRun[A, B]) end() error {
	if z.aOver() && z.left.Err() != nil {
		return z.left.Err()
	}
	if z.bOver() {
		return z.right.Err()
	}
	return nil
}

// err returns the error of the stream when no further pair is possible.
func (z *zipRun[A, B]) err() error {
	if err := z.end(); err != nil {
		return err
	}
	if z.a.full != z.b.full || !z.aOver() && !z.bOver() {
		return z.Failure() // the other side has not sent a partner
	}
	return nil
}

// close joins both sides. Unless the stream has completed, it counts the items
// without a partner as discarded.
func (z *zipRun[A, B]) close(err *error) {
	z.Close(err)
	if z.works { // the function has panicked or called Goexit
		z.as.FailedOn(z.a.v)
		z.bs.FailedOn(z.b.v)
		return
	}
	if z.Completed() {
		return
	}
	*err = fault.Join(*err, z.as.Discard(z.a.all()...), z.bs.Discard(z.b.all()...))
}
