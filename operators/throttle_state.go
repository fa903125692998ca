package operators

import "time"

// throttle is the state of one Throttle, or Audit: a feed.State.
type throttle[T any] struct {
	throttleOptions
	open   bool      // a window is
	until  time.Time // when it ends
	latest spot[T]   // is emitted then
	out    spot[T]   // is to be emitted now
	closed bool      // no item will come
	failed bool      // nor be withheld
}

// item is a new item. news: the subscriber must ask.
func (t *throttle[T]) item(v T, now time.Time) (news bool) {
	t.advance(now)
	if !t.open {
		t.open, t.until = true, now.Add(t.Window)
		if t.Leading {
			t.out.put(v)
			return true
		}
	}
	if !t.Trailing {
		return false
	}
	news = !t.latest.full || t.out.full
	t.latest.put(v)
	return news
}

// end tells that no item will come; a failure drops the one that waits, unless
// its time has come.
func (t *throttle[T]) end(now time.Time, failed bool) {
	t.advance(now)
	t.closed, t.failed = true, failed
}

// advance closes the windows whose time is over. The deadlines are those of the
// windows, however late one looks.
func (t *throttle[T]) advance(now time.Time) {
	for t.open && !t.failed && !now.Before(t.until) {
		if !t.latest.full {
			t.open = false
			return
		}
		v, _ := t.latest.take()
		t.out.put(v)
		t.open, t.until = t.Reopens, t.until.Add(t.Window)
	}
}

// Next gives what is to be emitted.
func (t *throttle[T]) Next(now time.Time) (v T, ok bool) {
	t.advance(now)
	return t.out.take()
}

// Deadline is the end of the window, where something waits for it.
func (t *throttle[T]) Deadline() (at time.Time, ok bool) { return t.until, t.latest.full }

// Over tells that nothing will be emitted.
func (t *throttle[T]) Over() bool { return t.failed || t.closed && !t.latest.full }

// Left is what waits: what is due first.
func (t *throttle[T]) Left() []T { return append(t.out.all(), t.latest.all()...) }

// spot has room for one item.
type spot[T any] struct {
	v    T
	full bool
}

// put takes the place of what is there.
func (s *spot[T]) put(v T) { s.v, s.full = v, true }

func (s *spot[T]) take() (v T, ok bool) {
	ok = s.full
	v, s.v, s.full = s.v, v, false
	return v, ok
}

// all is what is there, as a slice.
func (s *spot[T]) all() []T {
	if !s.full {
		return nil
	}
	return []T{s.v}
}
