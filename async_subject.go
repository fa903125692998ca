package turbopipes

import (
	"context"
	"sync"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// AsyncSubject is a stream that is fed by hand and emits one item: the last one
// before Complete, to all who are subscribed and to all who will be. Without an
// item it just completes; after Fail there is only the error. [NewAsyncSubject]
// makes one. All methods may be called from any goroutine.
//
//	in:   -a--b---c-|
//	out:  ----------(c|)
//	late: -------------(c|)     subscribes at 13
//
// Memory: one item. Goroutines: none of its own. It corresponds to RxJS's
// AsyncSubject and Reactor's Sinks.one.
type AsyncSubject[T any] struct {
	hub *hot.Hub[T]

	mu   sync.Mutex // guards last and some
	last T
	some bool
}

// NewAsyncSubject makes an AsyncSubject.
func NewAsyncSubject[T any]() *AsyncSubject[T] {
	history := &hot.History[T]{N: 1, Late: true}
	return &AsyncSubject[T]{hub: hot.New(hotConfig("AsyncSubject", opt.Queue{Size: 1}, history))}
}

// Next makes v the last item. It does not wait. After the end it returns
// [ErrClosed]; when ctx is done, context.Cause(ctx).
func (s *AsyncSubject[T]) Next(ctx context.Context, v T) error {
	switch {
	case ctx == nil:
		return fault.Invalid("Next", "ctx is nil")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hub.Closed() {
		return ErrClosed
	}
	s.last, s.some = v, true
	return nil
}

// Complete emits the last item, if there is one, and ends the stream. The first
// of Complete and Fail counts.
func (s *AsyncSubject[T]) Complete() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.some {
		_ = s.hub.Put(context.Background(), s.last) // closed, or there is room: it is the only item
	}
	s.hub.Close(nil)
}

// Fail ends the stream with err. A nil err is an [ErrInvalidArgument], which is
// what the stream ends with then. The first of Complete and Fail counts.
func (s *AsyncSubject[T]) Fail(err error) {
	if err == nil {
		err = fault.Invalid("Fail", "err is nil")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hub.Close(err)
}

// Subscribers is how many are subscribed.
func (s *AsyncSubject[T]) Subscribers() int { return s.hub.Len() }

// Observable is the stream.
func (s *AsyncSubject[T]) Observable() Observable[T] { return hotStream(s.hub.Join) }
