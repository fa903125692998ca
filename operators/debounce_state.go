package operators

import "time"

// debounce is the state of one Debounce: a feed.State.
type debounce[T any] struct {
	debounceOptions
	open    bool      // a burst is going on
	quietAt time.Time // when it is over
	maxAt   time.Time // when latest must be out, with WithMaxWait
	latest  spot[T]   // is withheld
	out     spot[T]   // is to be emitted now
	closed  bool      // no item will come
	failed  bool      // nor be withheld
}

// item is a new item. news: the subscriber must ask.
func (d *debounce[T]) item(v T, now time.Time) (news bool) {
	d.advance(now)
	begins := !d.open
	d.open, d.quietAt = true, now.Add(d.Quiet)
	if begins && d.Leading {
		d.out.put(v)
		return true
	}
	if !d.Trailing {
		return false
	}
	news = !d.latest.full || d.out.full
	if !d.latest.full && d.MaxWait > 0 {
		d.maxAt = now.Add(d.MaxWait)
	}
	d.latest.put(v)
	return news
}

// end tells that no item will come; a failure drops the one that is withheld,
// unless its time has come.
func (d *debounce[T]) end(now time.Time, failed bool) {
	d.advance(now)
	d.closed, d.failed = true, failed
}

// advance does what the time asks for, however late one looks.
func (d *debounce[T]) advance(now time.Time) {
	if d.failed {
		return
	}
	if at, ok := d.Deadline(); ok && !now.Before(at) {
		v, _ := d.latest.take()
		d.out.put(v)
	}
	d.open = d.open && now.Before(d.quietAt)
}

// Next gives what is to be emitted.
func (d *debounce[T]) Next(now time.Time) (v T, ok bool) {
	d.advance(now)
	if v, ok = d.out.take(); ok || !d.closed || d.failed {
		return v, ok
	}
	return d.latest.take()
}

// Deadline is when what is withheld must be out.
func (d *debounce[T]) Deadline() (at time.Time, ok bool) {
	at = d.quietAt
	if d.MaxWait > 0 && d.maxAt.Before(at) {
		at = d.maxAt
	}
	return at, d.latest.full
}

// Over tells that nothing will be emitted.
func (d *debounce[T]) Over() bool { return d.closed }

// Left is what waits: what is due first.
func (d *debounce[T]) Left() []T { return append(d.out.all(), d.latest.all()...) }
