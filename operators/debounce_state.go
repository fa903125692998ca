package operators

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/alarm"
)

// debounce is the state of one Debounce. It is a feed.State.
type debounce[T any] struct {
	debounceOptions
	open    bool          // a burst is going on
	quietAt time.Duration // when it is over
	maxAt   time.Duration // when latest must be emitted, with WithMaxWait
	latest  singleSlot[T] // the item that is withheld
	out     singleSlot[T] // the item that is due
	closed  bool          // no item will come
	failed  bool          // upstream has failed: latest will not be emitted
}

// item handles a new item. news reports that the subscriber must call Next.
func (d *debounce[T]) item(v T, now time.Duration) (news bool) {
	d.advance(now)
	begins := !d.open
	d.open, d.quietAt = true, alarm.After(now, d.Quiet)
	if begins && d.Leading {
		d.out.put(v)
		return true
	}
	if !d.Trailing {
		return false
	}
	news = !d.latest.full || d.out.full
	if !d.latest.full && d.MaxWait > 0 {
		d.maxAt = alarm.After(now, d.MaxWait)
	}
	d.latest.put(v)
	return news
}

// end is called when no item will come. After a failure the item that is withheld is
// not emitted, unless its time has come.
func (d *debounce[T]) end(now time.Duration, failed bool) {
	d.advance(now)
	d.closed, d.failed = true, failed
}

// advance brings the state up to now, however much time has passed since the last
// call.
func (d *debounce[T]) advance(now time.Duration) {
	if d.failed {
		return
	}
	if at, ok := d.Deadline(); ok && now >= at {
		v, _ := d.latest.take()
		d.out.put(v)
	}
	d.open = d.open && now < d.quietAt
}

// Next returns the item that is due.
func (d *debounce[T]) Next(now time.Duration) (v T, ok bool) {
	d.advance(now)
	if v, ok = d.out.take(); ok || !d.closed || d.failed {
		return v, ok
	}
	return d.latest.take()
}

// Deadline returns when the item that is withheld must be emitted.
func (d *debounce[T]) Deadline() (at time.Duration, ok bool) {
	at = d.quietAt
	if d.MaxWait > 0 && d.maxAt < at {
		at = d.maxAt
	}
	return at, d.latest.full
}

// Over reports that nothing more will be emitted.
func (d *debounce[T]) Over() bool { return d.closed }

// Left returns the items that wait, the one that is due first in front.
func (d *debounce[T]) Left() []T { return append(d.out.all(), d.latest.all()...) }
