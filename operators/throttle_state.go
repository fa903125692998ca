package operators

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/alarm"
)

// throttle is the state of one Throttle or Audit. It is a feed.State.
type throttle[T any] struct {
	throttleOptions
	open   bool          // a window is open
	until  time.Duration // when it ends
	latest singleSlot[T] // the item that is emitted at until
	out    singleSlot[T] // has to be emitted now
	closed bool          // no item will come
	failed bool          // upstream has failed: the waiting item is not emitted
}

// item takes a new item. news reports that the subscriber must call Next.
func (t *throttle[T]) item(v T, now time.Duration) (news bool) {
	t.advance(now)
	if !t.open {
		t.open, t.until = true, alarm.After(now, t.Window)
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

// end notes that no item will come. A failure drops the waiting item, unless its
// time has come.
func (t *throttle[T]) end(now time.Duration, failed bool) {
	t.advance(now)
	t.closed, t.failed = true, failed
}

// advance closes the windows whose time is over. A window ends at its own deadline,
// no matter how late advance is called.
func (t *throttle[T]) advance(now time.Duration) {
	for t.open && !t.failed && now >= t.until {
		if !t.latest.full {
			t.open = false
			return
		}
		v, _ := t.latest.take()
		t.out.put(v)
		t.open, t.until = t.Reopens, alarm.After(t.until, t.Window)
	}
}

// Next returns the item that has to be emitted, if there is one.
func (t *throttle[T]) Next(now time.Duration) (v T, ok bool) {
	t.advance(now)
	return t.out.take()
}

// Deadline returns the end of the window if an item waits for it.
func (t *throttle[T]) Deadline() (at time.Duration, ok bool) { return t.until, t.latest.full }

// Over reports that nothing more will be emitted.
func (t *throttle[T]) Over() bool { return t.failed || t.closed && !t.latest.full }

// Left returns the waiting items; the item that is due comes first.
func (t *throttle[T]) Left() []T { return append(t.out.all(), t.latest.all()...) }

// singleSlot has room for one item.
type singleSlot[T any] struct {
	v    T
	full bool
}

// put stores v. It replaces the item that is there.
func (s *singleSlot[T]) put(v T) { s.v, s.full = v, true }

func (s *singleSlot[T]) take() (v T, ok bool) {
	ok = s.full
	v, s.v, s.full = s.v, v, false
	return v, ok
}

// all returns the item, if there is one, as a slice.
func (s *singleSlot[T]) all() []T {
	if !s.full {
		return nil
	}
	return []T{s.v}
}
