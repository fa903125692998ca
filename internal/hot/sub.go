package hot

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Sub is one subscriber. It is subscribed from Join until Run returns.
type Sub[T any] struct {
	_      cacheLine
	cursor atomic.Uint64 // the next item; earlier items are delivered
	flags  atomic.Uint32
	_      cacheLine

	hub     *Hub[T]
	limit   atomic.Uint64     // the position where its stream ends
	own     *handoff.Queue[T] // nil under handoff.Block
	ready   chan struct{}     // cap 1: wakes the parked subscriber
	history []T               // of the Hub, to be delivered first

	previous, next *Sub[T] // guarded by the lock of parking, as is waits
	waits          bool

	lost      run.Account[T] // guarded by the Hub's lock, as are all fields below
	goroutine goroutine      // the goroutine that it runs on
	index     int            // its place in Hub.subs; -1: it is not there
	ended     bool           // it receives nothing more
	ring      *[]T           // after detach: the ring that it still reads
	err       error          // its stream ends with this error
}

const (
	watched = 1 << iota // a producer waits for it to move on
	halted              // its ctx is done
)

func overflow(name string) error {
	return fmt.Errorf("%w: %s: a subscriber's queue is full", fault.ErrOverflow, name)
}

// Join subscribes: the Sub receives all items that are put from now on. The caller
// must call Run, with the same ctx. Items that are dropped before Run count as the
// subscriber's already.
func (h *Hub[T]) Join(ctx context.Context) *Sub[T] {
	lost := h.account(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.join(lost)
}

// TryJoin is Join, except that it returns nil if the run is over because nobody was
// subscribed.
func (h *Hub[T]) TryJoin(ctx context.Context) *Sub[T] {
	lost := h.account(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.deserted() {
		return nil
	}
	return h.join(lost)
}

func (h *Hub[T]) join(lost run.Account[T]) *Sub[T] {
	s := &Sub[T]{hub: h, ready: make(chan struct{}, 1), lost: lost}
	s.limit.Store(math.MaxUint64)
	if h.cfg.Overflow != handoff.Block {
		s.own = handoff.New[T](h.cfg.Size)
	}
	s.history = h.cfg.History.snapshot(h.closed)
	s.cursor.Store(h.stored)
	if len(h.subs) == 0 {
		h.lowest, h.scanFrom = h.stored, 0
	}
	s.index = len(h.subs)
	h.taking++
	h.subs = append(h.subs, s)
	if h.closed {
		s.end(h.err)
	}
	return s
}

// account returns the Account of a subscriber with ctx.
func (h *Hub[T]) account(ctx context.Context) run.Account[T] {
	return run.Keep[T](run.At(ctx, h.cfg.Name), h.cfg.Discard)
}

// end lets nothing more in. The caller holds the Hub's lock. Under handoff.Block the
// caller must wake s afterwards.
func (s *Sub[T]) end(err error) {
	if s.ended {
		return
	}
	s.ended, s.err = true, err
	s.hub.taking--
	s.hub.forsake()
	if s.own != nil {
		s.own.Close(err)
		return
	}
	s.limit.Store(s.hub.stored)
}

// Stop ends the intake: the items in the queue are delivered, and then the stream
// completes.
func (s *Sub[T]) Stop() { s.hub.stop([]*Sub[T]{s}) }

// stop ends the intake of several subscribers at the same item.
func (h *Hub[T]) stop(subs []*Sub[T]) {
	h.mu.Lock()
	for _, s := range subs {
		s.end(nil)
	}
	h.mu.Unlock()
	for _, s := range subs {
		h.wakeOne(s)
	}
}

// halt makes Run return.
func (s *Sub[T]) halt() {
	s.flags.Or(halted)
	if s.own != nil {
		s.own.Halt()
		return
	}
	s.hub.wakeOne(s)
	s.hub.mu.Lock()
	s.hub.admit() // a producer that has waited for s goes on
	s.hub.mu.Unlock()
}

// Run delivers until the stream ends, ctx is done, or emit refuses. stop is called
// for a graceful stop; nil means Stop. halting, which may be nil, is called when ctx
// ends, before the queue is given up. Run is called once.
func (s *Sub[T]) Run(ctx context.Context, emit func(T) bool, stop, halting func()) (err error) {
	defer s.leave(&err)
	if stop == nil {
		stop = s.Stop
	}
	if halting == nil {
		halting = func() {}
	}
	lost := s.hub.account(ctx)
	rec := lost.Record()
	rec.Settle(ctx) // it has joined
	s.hub.mu.Lock()
	s.lost = lost
	if s.own == nil {
		s.goroutine = current()
	}
	s.hub.mu.Unlock()
	defer scope.OnDone(ctx, func() { halting(); s.halt() })()
	defer rec.Leave(rec.Enter(s.hub.cfg.Name, stop))
	for len(s.history) > 0 {
		if s.flags.Load()&halted != 0 {
			return nil
		}
		v := s.history[0]
		clear(s.history[:1])
		s.history = s.history[1:]
		if !emit(v) {
			return nil
		}
	}
	if s.own != nil {
		for {
			v, ok := s.own.Next()
			if !ok {
				return s.own.End()
			}
			if !emit(v) {
				return nil
			}
		}
	}
	return s.drain(emit)
}

// drain delivers the items of the shared ring. An item's place is free as soon as
// the item is read.
func (s *Sub[T]) drain(emit func(T) bool) error {
	at, tries := s.cursor.Load(), 1
	for {
		end := s.wait(at, tries)
		if s.flags.Load()&halted != 0 {
			return nil
		}
		if end == at {
			return s.outcome()
		}
		if tries = 1; end-at > 3 { // items come fast
			tries = yields
		}
		cells := s.hub.ring.Load() // read after published: this ring has every published item
		if s.flags.Load()&halted != 0 {
			return nil // read after the ring: if s is detached, the ring may be that of the others
		}
		ring := *cells
		for at < end {
			v := ring[at&uint64(len(ring)-1)]
			at++
			s.cursor.Store(at)
			if f := s.flags.Load(); f != 0 && s.flagged(f) {
				s.discard(v)
				return nil
			}
			if !emit(v) {
				return nil
			}
		}
	}
}

// flagged handles the flags f, and reports whether to give up.
func (s *Sub[T]) flagged(f uint32) bool {
	if f&watched != 0 {
		s.hub.mu.Lock()
		s.flags.And(^uint32(watched))
		s.hub.admit()
		s.hub.mu.Unlock()
	}
	return f&halted != 0
}

// wait waits for items, and returns the position where the available items end. That
// is at if the stream ends there, or if s is halted.
func (s *Sub[T]) wait(at uint64, tries int) (end uint64) {
	ready := func() bool {
		end = s.hub.published.Load()
		limit := s.limit.Load() // read after published: a limit that is set later is not below it
		end = min(end, limit)
		return end > at || limit <= at || s.flags.Load()&halted != 0
	}
	for range tries {
		if ready() {
			return s.unlessHalted(at, end)
		}
		runtime.Gosched()
	}
	for s.hub.park(s, ready) {
		<-s.ready
	}
	return s.unlessHalted(at, end)
}

func (s *Sub[T]) unlessHalted(at, end uint64) uint64 {
	if s.flags.Load()&halted != 0 {
		return at
	}
	return end
}

func (s *Sub[T]) outcome() error {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.err
}

func (s *Sub[T]) discard(v T) { s.history = append(s.history, v) } // leave accounts for it

// leave unsubscribes, frees a producer that waits, and accounts for the items that
// are left in the queue.
func (s *Sub[T]) leave(err *error) {
	h := s.hub
	left := s.history
	h.mu.Lock()
	n := uint64(0)
	if s.own == nil {
		at, end := s.cursor.Load(), min(h.stored, s.limit.Load())
		if n = end - at; n > 0 && !(s.lost.Silent() && s.lost.Plain()) {
			ring := s.ring
			if ring == nil {
				ring = h.ring.Load()
			}
			for ; at < end; at++ {
				left = append(left, (*ring)[at&uint64(len(*ring)-1)])
			}
			n = 0
		}
	}
	h.remove(s)
	h.admit()
	h.mu.Unlock()
	s.history = nil
	if s.own != nil {
		s.own.Halt()
		left = append(left, s.own.Left()...)
	}
	s.lost.Count(int64(n)) //nolint:gosec // at most the queue's size
	*err = fault.Join(*err, s.lost.Discard(left...))
}
