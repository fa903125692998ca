package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/handoff"
)

// delaying is a delay whose upstream can wait for room.
type delaying[T any] struct {
	delay[T]
	room chan struct{} // cap 1: an item was taken
}

func newDelaying[T any](bound int, overflow handoff.Overflow) *delaying[T] {
	return &delaying[T]{delay: *newDelay[T](bound, overflow), room: make(chan struct{}, 1)}
}

// Next is the Next of delay. It also wakes upstream if it has made room.
func (d *delaying[T]) Next(now time.Time) (v T, ok bool) {
	before := d.lo
	v, ok = d.delay.Next(now)
	if d.lo != before {
		select {
		case d.room <- struct{}{}:
		default:
		}
	}
	return v, ok
}

// accept is called on upstream's goroutine. It stores v, waits for room if it must,
// and returns what has become of v. lost is the item that was dropped, if there is
// one.
func (d *delaying[T]) accept(ctx context.Context, up *feed.Clocked[T], v T, due time.Time) (lost T, out handoff.Outcome) {
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
