package turbopipes

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/hot"
)

// UnicastSubject is a [Subject] for exactly one subscriber, whose queue is there
// before it comes: what is given earlier waits in it. A second subscriber gets
// [ErrAlreadySubscribed]. When the subscriber has left, or is being stopped
// gracefully, Next returns [ErrClosed]. [NewUnicastSubject] makes one.
//
//	in:   -a--b-------c-|
//	out:  ------(ab)--c-|     subscribes at 6
//
// It corresponds to Reactor's Sinks.many().unicast and Pekko's Source.queue.
type UnicastSubject[T any] struct {
	inlet[T]
	one single[T]
}

// NewUnicastSubject makes a UnicastSubject. Its options are those of
// [NewSubject].
func NewUnicastSubject[T any](opts ...QueueOption) *UnicastSubject[T] {
	s := &UnicastSubject[T]{inlet: newInlet[T]("UnicastSubject", opts, nil, nil)}
	s.one = single[T]{name: "UnicastSubject", hub: s.hub, sub: s.hub.Join(context.Background())}
	return s
}

// Subscribers is 1 while the subscriber is there, else 0.
func (s *UnicastSubject[T]) Subscribers() int { return int(s.one.running.Load()) }

// Observable is the stream. It takes one subscriber.
func (s *UnicastSubject[T]) Observable() Observable[T] {
	if s.bad != nil {
		return failing[T](s.bad)
	}
	return s.one.stream(func() {})
}

// single is the only subscriber of a hub.
type single[T any] struct {
	name    string
	hub     *hot.Hub[T]
	sub     *hot.Sub[T]
	taken   atomic.Bool
	running atomic.Int64
}

// stream gives it to whom comes first. gone is called when nothing more can be
// put, but for what is given anyway after the end.
func (s *single[T]) stream(gone func()) Observable[T] {
	return wrap(func(ctx context.Context, emit func(T) bool) error {
		switch {
		case stopping(ctx):
			return nil
		case s.taken.Swap(true):
			return fmt.Errorf("%w: %s", ErrAlreadySubscribed, s.name)
		}
		s.running.Store(1)
		closed := func() {
			s.hub.Close(nil)
			gone()
		}
		defer closed()
		defer s.running.Store(0)
		return s.sub.Run(ctx, emit, closed, closed)
	})
}
