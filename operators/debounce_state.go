package operators

import "time"

// debounce is the state of one Debounce: what happens goes in, with its time,
// and what is to be emitted comes out.
type debounce[T any] struct {
	debounceOptions
	latest  T
	waiting bool      // latest is withheld
	open    bool      // a burst is going on
	quietAt time.Time // when it is over
	maxAt   time.Time // when latest must be out; zero: no limit
}

// item is a new item, which came at that time; since is when the first one came
// of those that it has overtaken. ok: v is to be emitted at once.
func (d *debounce[T]) item(item T, at, since time.Time) (v T, ok bool) {
	begins := !d.open
	d.open, d.quietAt = true, at.Add(d.quiet)
	if begins && d.leading {
		return item, true
	}
	if !d.waiting && d.maxWait > 0 {
		d.maxAt = since.Add(d.maxWait)
	}
	d.latest, d.waiting = item, true
	return v, false
}

// deadline is when due must be called; ok is false where it need not be.
func (d *debounce[T]) deadline() (at time.Time, ok bool) {
	at = d.quietAt
	if d.waiting && d.maxWait > 0 && d.maxAt.Before(at) {
		at = d.maxAt
	}
	return at, d.open
}

// due does what the clock asks for.
func (d *debounce[T]) due(now time.Time) (v T, ok bool) {
	at, ok := d.deadline()
	if !ok || now.Before(at) {
		return v, false
	}
	if !now.Before(d.quietAt) {
		d.open = false
	}
	return d.flush()
}

// flush gives the item that is withheld.
func (d *debounce[T]) flush() (v T, ok bool) {
	ok = d.waiting
	v, d.latest, d.waiting = d.latest, v, false
	return v, ok
}

// left is the number of items that are withheld.
func (d *debounce[T]) left() int64 {
	if d.waiting {
		return 1
	}
	return 0
}
