package operators

import "time"

// sample is the state of one Sample. It is a feed.State.
type sample[T any] struct {
	emitLast bool
	latest   singleSlot[T] // waits for the notifier
	out      singleSlot[T] // is to be emitted now
	silent   bool          // the notifier has ended
	closed   bool          // upstream has ended, or something has failed
}

// item takes a new item of upstream. It always returns false: there is no news for
// the subscriber.
func (s *sample[T]) item(v T) (news bool) {
	if !s.silent || s.emitLast {
		s.latest.put(v)
	}
	return false
}

// tick takes an item of the notifier.
func (s *sample[T]) tick() (news bool) {
	v, news := s.latest.take()
	if news {
		s.out.put(v)
	}
	return news
}

// silence notes that the notifier has ended.
func (s *sample[T]) silence(_ time.Duration, failed bool) {
	s.silent, s.closed = true, s.closed || failed
	if !failed && !s.emitLast {
		s.latest.take()
	}
}

// end notes that upstream has ended.
func (s *sample[T]) end(_ time.Duration, failed bool) {
	switch {
	case s.closed || failed: // the waiting item is left
	case s.emitLast:
		s.tick()
	default:
		s.latest.take()
	}
	s.closed = true
}

// Next returns the item that has to be emitted, if there is one.
func (s *sample[T]) Next(time.Duration) (v T, ok bool) { return s.out.take() }

// Deadline returns none, because the notifier is the clock.
func (s *sample[T]) Deadline() (at time.Duration, ok bool) { return at, false }

// Over reports that nothing more will be emitted.
func (s *sample[T]) Over() bool { return s.closed }

// Left returns the waiting items; the item that is due comes first.
func (s *sample[T]) Left() []T { return append(s.out.all(), s.latest.all()...) }
