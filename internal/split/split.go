// Package split divides one upstream into many streams. Upstream runs on its own
// goroutine and fills bounded queues, one for each part. The subscriber's goroutine
// hands the parts out. A part has no goroutine.
package split

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Config is the configuration of a Split, with its errors.
type Config[T any] struct {
	Name     string
	Size     int              // of the queue of a part
	Waiting  int              // how many parts may wait to be handed out
	Overflow handoff.Overflow // of a part's queue
	Lost     func(any)        // called with each lost item; may be nil

	ErrOverflow error // when an item finds no room where it must
	Taken       error // for the second subscriber of a part
}

// Split is one upstream and its open parts.
type Split[K, T any] struct {
	Scope *scope.Scope
	Config[T]
	outer            context.Context //nolint:containedctx // it may end without an end of the Scope's ctx: see cut
	lost             run.Account[T]
	spread           *run.Spread // of the operator that runs the parts; nil if there is none
	parts            *handoff.Queue[*Part[K, T]]
	release          func()
	over             atomic.Bool // nothing more is taken in
	failureDelivered atomic.Bool // a subscriber of a part has received the failure
	refusedItems     run.Refused[T]
	refusal          error // why upstream was refused; only upstream's goroutine uses it

	inHand  *Part[K, T] // the part that was handed out last; only the subscriber's goroutine uses it
	refused bool        // inHand was refused; only the subscriber's goroutine uses it
	settled bool        // Loop has returned

	mu      sync.Mutex // guards failure and the list of open parts
	failure error
	open    Part[K, T] // the root of the list
	gone    int        // the number of open parts whose subscribers have left
}

var errCut = errors.New("turbopipes: the subscriber of the outer stream has panicked")

// Open opens a Split without an upstream. The caller must defer Close.
func Open[K, T any](ctx context.Context, c Config[T]) *Split[K, T] {
	s := &Split[K, T]{Scope: scope.Open(ctx, c.Name), Config: c, outer: ctx, parts: handoff.New[*Part[K, T]](c.Waiting)}
	s.lost, s.spread = run.Keep[T](s.Scope.Stage(), c.Lost), run.SpreadOf(ctx)
	s.open.next, s.open.prev = &s.open, &s.open
	s.release = scope.OnDone(ctx, s.cut)
	return s
}

// Start runs up. up calls put with each item; put begins parts and puts items into
// them. put runs on upstream's goroutine, and reports whether upstream may go on.
func (s *Split[K, T]) Start(up feed.Push[T], put func(T) bool) {
	s.Scope.Upstream(func(ctx context.Context) error {
		err := up(ctx, put)
		return fault.Join(s.refusal, err)
	}, func(err error) {
		s.Failed(err)
		if s.Scope.Ctx.Err() == nil {
			s.end(nil)
			s.Scope.Stop() // stops the goroutines that run beside upstream
		}
	})
}

// Failed ends all parts, and the handing out, with err, after the waiting items.
func (s *Split[K, T]) Failed(err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	first := s.Scope.Ctx.Err() == nil && s.failure == nil
	if first {
		s.failure = err
	}
	s.mu.Unlock()
	if !first {
		s.Scope.Fail(err)
		return
	}
	s.spread.Note()
	s.end(err)
	s.Scope.Stop()
}

// own reports whether ctx has ended with the failure of upstream. Then waiting items
// are delivered all the same.
func (s *Split[K, T]) own(ctx context.Context) bool {
	if !s.spread.On() {
		return false
	}
	s.mu.Lock()
	failure := s.failure
	s.mu.Unlock()
	return s.spread.Own(ctx, failure)
}

// Begin opens a part and waits for room to hand it out. It returns nil if upstream
// must stop.
func (s *Split[K, T]) Begin(key K) *Part[K, T] {
	p := &Part[K, T]{Key: key, split: s, queue: handoff.New[T](s.Size)}
	s.mu.Lock()
	if s.over.Load() {
		s.mu.Unlock()
		return nil
	}
	p.prev, p.next = s.open.prev, &s.open
	p.prev.next, p.next.prev = p, p
	s.mu.Unlock()
	if !s.parts.Put(p) {
		return nil
	}
	return p
}

// Shut completes a part, after the items that wait in it.
func (s *Split[K, T]) Shut(p *Part[K, T]) {
	s.mu.Lock()
	if p.next != nil {
		p.prev.next, p.next.prev = p.next, p.prev
		p.prev, p.next = nil, nil
		if p.gone {
			s.gone--
		}
	}
	s.mu.Unlock()
	p.shut.Store(true) // before the close, so that Put can tell who has closed it
	p.queue.Close(nil)
}

// leaves notes that the subscriber of p has left.
func (s *Split[K, T]) leaves(p *Part[K, T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.next != nil {
		p.gone = true
		s.gone++
	}
}

// Gone is the number of open parts whose subscribers have left.
func (s *Split[K, T]) Gone() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}

// Outcome is the result of a Put.
type Outcome int

// The outcomes of a Put.
const (
	Taken   Outcome = iota // also if the item was dropped, or nobody wants it
	Shut                   // the part was shut; the item still belongs to the caller
	Refused                // upstream must stop
)

// PutNow puts v if the strategy is Block and there is room. It calls no hook. If it
// returns false, the caller still has v.
func (s *Split[K, T]) PutNow(p *Part[K, T], v T) bool {
	if s.Overflow != handoff.Block {
		return false
	}
	_, out := p.queue.Offer(v, handoff.DropNewest)
	return out == handoff.Stored
}

// Put puts an item into a part, on upstream's goroutine.
func (s *Split[K, T]) Put(p *Part[K, T], v T) Outcome {
	if s.Overflow == handoff.Block {
		if p.queue.Put(v) {
			return Taken
		}
	} else {
		switch lost, out := p.queue.Offer(v, s.Overflow); out {
		case handoff.Stored:
			return Taken
		case handoff.Dropped:
			return s.tell(s.lost.Drop(lost))
		case handoff.Overflowed:
			err := fmt.Errorf("%w: %s: the queue of a stream is full", s.ErrOverflow, s.Name)
			return s.tell(fault.Join(err, s.lost.DropFor(err, lost)))
		case handoff.Refused:
		}
	}
	switch {
	case s.over.Load():
		s.Refuse(v)
		return Refused
	case p.shut.Load():
		return Shut
	}
	return s.tell(s.lost.Discard(v)) // its subscriber has left
}

// Refuse counts an item that upstream has in hand at an early end, and returns
// false.
func (s *Split[K, T]) Refuse(v T) bool { return s.refusedItems.Keep(v) }

// RefuseFor is Refuse for an item that has ended the stream with err.
func (s *Split[K, T]) RefuseFor(err error, v T) bool { return s.lost.RefuseFor(err, v) }

func (s *Split[K, T]) tell(err error) Outcome {
	if err == nil {
		return Taken
	}
	s.EndWith(err)
	return Refused
}

// EndWith makes the stream end with err after upstream, which must stop, has
// returned. It is called on upstream's goroutine.
func (s *Split[K, T]) EndWith(err error) { s.refusal = fault.Join(s.refusal, err) }

// Loop hands the parts out, until the last one, or until emit refuses.
func (s *Split[K, T]) Loop(emit func(*Part[K, T]) bool) {
	s.Scope.Settle()
	for {
		p, ok := s.parts.Next()
		if !ok {
			break
		}
		if s.inHand = p; !emit(p) {
			s.refused = true
			break
		}
	}
	s.settled = true
}

// end closes every open part, and the handing out. The first call counts.
func (s *Split[K, T]) end(err error) {
	s.mu.Lock()
	first := !s.over.Swap(true)
	if first {
		for p := s.open.next; p != &s.open; p = p.next {
			p.queue.Close(err)
		}
	}
	s.mu.Unlock()
	if first {
		s.parts.Close(err)
	}
}

// cut is called at the end of ctx: no item that waits in an open part is taken any
// more.
func (s *Split[K, T]) cut() {
	if s.own(s.outer) {
		return
	}
	cause := context.Cause(s.outer)
	s.end(cause)
	s.mu.Lock()
	for p := s.open.next; p != &s.open; p = p.next {
		p.queue.Abort(cause)
	}
	s.mu.Unlock()
	s.parts.Abort(cause)
}

// Close joins upstream and accounts for the items that nobody can take any more.
func (s *Split[K, T]) Close(err *error) {
	switch {
	case s.outer.Err() != nil:
		s.cut()
	case !s.settled:
		s.end(errCut) // downstream has panicked
	case s.refused:
		s.end(nil)
	}
	s.Scope.Close(err)
	s.release()
	// If downstream has received the failure from a part and stopped because of it,
	// the failure is not reported twice.
	if !s.failureDelivered.Load() || !s.refused && s.outer.Err() == nil {
		*err = fault.Join(s.failure, *err)
	}
	*err = fault.Join(*err, s.lost.Discard(append(s.left(), s.refusedItems.Take()...)...))
}

// left returns the items in the parts that were never handed out. If ctx has ended,
// it returns the items in all parts.
func (s *Split[K, T]) left() (items []T) {
	ended := s.outer.Err() != nil && !s.own(s.outer)
	for _, p := range s.parts.Left() {
		items = append(items, p.abandon(errCut)...)
	}
	if cause := context.Cause(s.outer); ended && s.inHand != nil && s.refused {
		items = append(items, s.inHand.abandon(cause)...)
	}
	s.inHand = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := s.open.next; p != &s.open; { // from now on the parts don't depend on the Split
		if ended {
			items = append(items, p.abandon(context.Cause(s.outer))...)
		}
		next := p.next
		p.prev, p.next = nil, nil
		p = next
	}
	s.open.next, s.open.prev = &s.open, &s.open
	return items
}

// Over reports whether upstream must stop. It is for code that takes an item without
// putting it into a part.
func (s *Split[K, T]) Over() bool { return s.over.Load() }
