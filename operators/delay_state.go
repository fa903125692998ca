package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/ring"
)

// delay is the queue of one Delay. It is a feed.State.
type delay[T any] struct {
	bound  uint64
	full   handoff.Full
	room   chan struct{} // cap 1: an item was taken
	ring   ring.Ring[delayed[T]]
	lo, hi uint64    // how many items were taken, and how many were put
	idle   bool      // the subscriber waits
	out    spot[T]   // the item that was handed to the waiting subscriber
	closed bool      // no item will come
	failed bool      // upstream has failed: items that were not due by until are not taken
	until  time.Time // when upstream failed
}

type delayed[T any] struct {
	v   T
	due time.Time
}

func newDelay[T any](bound int, full handoff.Full) *delay[T] {
	return &delay[T]{bound: uint64(max(bound, 0)), full: full, room: make(chan struct{}, 1)}
}

// accept is called on upstream's goroutine. It stores v, waits for room if it must,
// and returns what has become of v. lost is the item that was dropped, if there is
// one.
func (d *delay[T]) accept(ctx context.Context, up *feed.Clocked[T], v T, due time.Time) (lost T, out handoff.Outcome) {
	for {
		stored := false
		if !up.Do(func(now time.Time) (news bool) {
			lost, out, stored, news = d.offer(v, due, now)
			return news
		}) {
			return lost, handoff.Refused
		}
		if stored || out != handoff.Stored {
			return lost, out
		}
		select {
		case <-d.room:
		case <-ctx.Done():
			return lost, handoff.Refused
		}
	}
}

// offer stores v if there is room. If v must wait for room, stored is false and out
// is Stored. news reports that the subscriber must call Next. An item whose time has
// come makes room at that moment, even if the subscriber that waits for it has not
// woken up.
func (d *delay[T]) offer(v T, due, now time.Time) (lost T, out handoff.Outcome, stored, news bool) {
	if d.idle && d.lo < d.hi && !now.Before(d.ring.At(d.lo).due) {
		d.out.put(d.take())
		d.idle, news = false, true
	}
	if d.hi-d.lo >= d.bound {
		switch d.full {
		case handoff.Block:
			return lost, handoff.Stored, false, news
		case handoff.DropNewest:
			return v, handoff.Dropped, false, news
		case handoff.Fail:
			return v, handoff.Overflow, false, news
		case handoff.DropOldest:
			lost, out = d.take(), handoff.Dropped
		}
	}
	d.ring.Grow(d.lo, d.hi)
	*d.ring.At(d.hi) = delayed[T]{v, due}
	d.hi++
	return lost, out, true, news || d.hi-d.lo == 1
}

func (d *delay[T]) take() T {
	head := d.ring.Take(d.lo)
	d.lo++
	return head.v
}

// end is called when no item will come. After a failure only the items are taken
// whose time had come.
func (d *delay[T]) end(now time.Time, failed bool) { d.closed, d.failed, d.until = true, failed, now }

// Next returns the oldest item, if its time has come.
func (d *delay[T]) Next(now time.Time) (v T, ok bool) {
	if d.failed {
		now = d.until
	}
	d.idle = false
	if v, ok = d.out.take(); ok {
		return v, true
	}
	if d.lo == d.hi || now.Before(d.ring.At(d.lo).due) {
		d.idle = true
		return v, false
	}
	select {
	case d.room <- struct{}{}:
	default:
	}
	return d.take(), true
}

// Deadline returns when the time of the oldest item will have come.
func (d *delay[T]) Deadline() (at time.Time, ok bool) {
	if d.lo == d.hi {
		return at, false
	}
	return d.ring.At(d.lo).due, true
}

// Over reports that Next will return nothing more.
func (d *delay[T]) Over() bool { return d.failed || d.closed && d.lo == d.hi }

// Left removes and returns the items that were not taken.
func (d *delay[T]) Left() (items []T) {
	if v, ok := d.out.take(); ok {
		items = append(items, v)
	}
	for d.lo < d.hi {
		items = append(items, d.take())
	}
	return items
}
