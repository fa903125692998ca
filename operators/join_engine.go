package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/run"
)

// joinRun is one run of a Join. The lanes only pass the items on, since the functions
// of the user run on the subscriber's goroutine.
type joinRun[A, B any] struct {
	*feed.Meet
	left   *feed.Lane[A]
	right  *feed.Lane[B]
	fromA  singleSlot[A] // has come, and is not matched yet
	fromB  singleSlot[B]
	a      joinSide[A]
	b      joinSide[B]
	window time.Duration
	as     run.Account[A]
	bs     run.Account[B]
	turnB  bool // upstream's turn is next
	works  bool // a function of the user makes a result of the item that has come
}

func (j *joinRun[A, B]) open(ctx context.Context, o opt.Settings, in turbopipes.Observable[A], other turbopipes.Observable[B]) {
	j.Meet = feed.OpenMeet(ctx, "Join")
	as, bs := run.Hooks[A]{Each: o.Discard}, run.Hooks[B]{Each: o.Discard}
	j.as, j.bs = as.At(j.Stage()), bs.At(j.Stage())
	j.left = feed.Lay(j.Meet, as, o.Ahead, func(v A) bool {
		j.fromA.put(v)
		return true
	})
	j.right = feed.Lay(j.Meet, bs, o.Ahead, func(v B) bool {
		j.fromB.put(v)
		return true
	})
	j.left.Start(in.Push)
	j.right.Start(other.Push)
}

// over reports whether there will be no further pair.
func (j *joinRun[A, B]) over() bool {
	return j.a.ended && j.b.ended || j.a.useless() || j.b.useless()
}

// wait waits for an item of a side that may go on, or for the end of a side. The sides
// take turns.
func (j *joinRun[A, B]) wait() feed.Why {
	heldA := j.a.held(&j.b.joinProgress)
	heldB := j.b.held(&j.a.joinProgress)
	for range 2 {
		if j.turnB = !j.turnB; j.turnB {
			j.fromB.v, j.fromB.full = takeUnless(heldB, j.right)
		} else {
			j.fromA.v, j.fromA.full = takeUnless(heldA, j.left)
		}
		if j.fromA.full || j.fromB.full {
			return feed.Due
		}
	}
	setDoor(j.left, heldA)
	setDoor(j.right, heldB)
	return j.Await(nil)
}

func takeUnless[T any](held bool, l *feed.Lane[T]) (v T, ok bool) {
	if held {
		return v, false
	}
	return l.Take()
}

func setDoor[T any](l *feed.Lane[T], shut bool) {
	if shut {
		l.Shut()
	} else {
		l.Open()
	}
}

// match delivers the pairs of the item that has come, or notes the end of a side. It
// returns false when deliver has refused a pair.
func (j *joinRun[A, B]) match(deliver func(a A, b B) bool, deliverB func(b B, a A) bool) (going bool) {
	switch {
	case j.fromA.full:
		going = matchPairs(&j.a, &j.b, j.fromA.v, true, j.window, deliver)
		j.fromA = singleSlot[A]{}
	case j.fromB.full:
		going = matchPairs(&j.b, &j.a, j.fromB.v, true, j.window, deliverB)
		j.fromB = singleSlot[B]{}
	default:
		j.a.ended, j.b.ended = j.left.Ended(), j.right.Ended()
		return true
	}
	return going
}

// close joins both sides, and accounts for the items.
func (j *joinRun[A, B]) close(err *error) {
	if *err == nil && j.over() {
		j.Complete()
	}
	j.Close(err)
	switch {
	case !j.works:
	case j.fromA.full: // the function has panicked or called Goexit
		j.as.FailedOn(j.fromA.v)
	default:
		j.bs.FailedOn(j.fromB.v)
	}
	if !j.Completed() {
		*err = fault.Join(*err, j.as.Discard(j.a.left()...), j.bs.Discard(j.b.left()...))
	}
}
