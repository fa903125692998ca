package operators

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/ring"
)

// delay is the queue of one Delay. It is a feed.State.
type delay[T any] struct {
	bound    uint64
	overflow handoff.Overflow
	ring     ring.Ring[delayedItem[T]]
	lo, hi   uint64        // how many items were taken, and how many were put
	idle     bool          // the subscriber waits
	out      singleSlot[T] // the item that was handed to the waiting subscriber
	closed   bool          // no item will come
	failed   bool          // upstream has failed: items that were not due by until are not taken
	until    time.Duration // when upstream failed
}

type delayedItem[T any] struct {
	v   T
	due time.Duration
}

func newDelay[T any](bound int, overflow handoff.Overflow) *delay[T] {
	return &delay[T]{bound: uint64(max(bound, 0)), overflow: overflow}
}

// offer stores v if there is room. full reports that v must wait for room. news
// reports that the subscriber must call Next. An item whose time has come makes room
// at that moment, even if the subscriber that waits for it has not woken up.
func (d *delay[T]) offer(v T, due, now time.Duration) (lost T, out handoff.Outcome, full, news bool) {
	if d.idle && d.lo < d.hi && now >= d.ring.At(d.lo).due {
		d.out.put(d.take())
		d.idle, news = false, true
	}
	if d.hi-d.lo >= d.bound {
		switch d.overflow {
		case handoff.Block:
			return lost, handoff.Stored, true, news
		case handoff.DropNewest:
			return v, handoff.Dropped, false, news
		case handoff.Fail:
			return v, handoff.Overflowed, false, news
		case handoff.DropOldest:
			lost, out = d.take(), handoff.Dropped
		}
	}
	d.ring.Grow(d.lo, d.hi)
	*d.ring.At(d.hi) = delayedItem[T]{v, due}
	d.hi++
	return lost, out, false, news || d.hi-d.lo == 1
}

func (d *delay[T]) take() T {
	head := d.ring.Take(d.lo)
	d.lo++
	return head.v
}

// end is called when no item will come. After a failure only the items are taken
// whose time had come.
func (d *delay[T]) end(now time.Duration, failed bool) {
	d.closed, d.failed, d.until = true, failed, now
}

// Next returns the oldest item, if its time has come.
func (d *delay[T]) Next(now time.Duration) (v T, ok bool) {
	if d.failed {
		now = d.until
	}
	d.idle = false
	if v, ok = d.out.take(); ok {
		return v, true
	}
	if d.lo == d.hi || now < d.ring.At(d.lo).due {
		d.idle = true
		return v, false
	}
	return d.take(), true
}

// Deadline returns when the time of the oldest item will have come.
func (d *delay[T]) Deadline() (at time.Duration, ok bool) {
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
