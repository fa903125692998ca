package turbopipes

import "github.com/turbopipes/turbopipes/internal/hot"

// BehaviorSubject is a [Subject] that has a value: a new subscriber first gets
// the newest one, and then what comes. After the end a subscriber gets only the
// end. [NewBehaviorSubject] makes one.
//
//	in:   -a--b---c-|     initial: i
//	out:  ia--b---c-|
//	late: ------b-c-|     subscribes at 6
//
// It corresponds to RxJS's BehaviorSubject and Reactor's
// Sinks.many().replay().latestOrDefault.
type BehaviorSubject[T any] struct{ inlet[T] }

// NewBehaviorSubject makes a BehaviorSubject whose value is initial until Next
// gives another one. Its options are those of [NewSubject].
func NewBehaviorSubject[T any](initial T, opts ...QueueOption) *BehaviorSubject[T] {
	history := (&hot.History[T]{N: 1}).Seed(initial)
	return &BehaviorSubject[T]{newInlet("BehaviorSubject", opts, history, nil)}
}

// Value is the newest value, also after the end.
func (s *BehaviorSubject[T]) Value() T { return s.hub.Newest() }
