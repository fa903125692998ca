// Package hot shares one run of a stream among many subscribers. Each subscriber has
// its own bounded queue, and drains it on its own goroutine.
//
// Under handoff.Block the queues share one ring. The items are stored once, and each
// subscriber has its own cursor. So an item costs its producer the same for one
// subscriber as for a thousand. The slowest cursor holds the producers. A strategy
// that drops items leaves gaps in a queue, so each subscriber has a separate queue
// then.
package hot

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Config is the configuration of a Hub.
type Config[T any] struct {
	Name     string
	Size     int // of each subscriber's queue
	Overflow handoff.Overflow
	Discard  func(any)   // called with each item that a subscriber loses; may be nil
	History  *History[T] // the first items for a new subscriber; nil: none
}

// Hub holds the queues of the subscribers. Producers put items into it. Its locks
// are never held across a wait or a call of user code.
type Hub[T any] struct {
	// Every subscriber reads these fields, once for a run of items.
	published atomic.Uint64 // the number of stored items
	ring      atomic.Pointer[[]T]
	_         cacheLine

	parking[T]
	_ cacheLine

	mu        sync.Mutex // guards all fields below
	cfg       Config[T]
	subs      []*Sub[T]
	stored    uint64    // the same as published, for code that holds the lock
	lowest    uint64    // no cursor is below this position
	scanFrom  int       // index where the search for a lagging cursor goes on
	waiters   []*waiter // producers that wait for room, in the order of their arrival
	closed    bool
	err       error
	owned     owner          // who owns the run that fills the Hub
	abandoned bool           // the last subscriber has left: nothing is taken any more
	taking    int            // subscribers that still take items
	last      run.Account[T] // of the last subscriber, after it has left
}

// owner says who owns the run that fills a Hub.
type owner int

const (
	others      owner = iota // somebody else: an item that comes without a subscriber counts for nobody
	subscribers              // the subscribers: nothing is taken any more after the last one has left
	lingering                // the subscribers: without one, items are still taken, but not kept; another may come
)

// ErrNobody is returned by Put for an item that came while nobody was subscribed, to
// a run that waits for another subscriber.
var ErrNobody = errors.New("turbopipes: nobody is subscribed now")

// Own makes the subscribers the owners of the run that fills the Hub. lingers says
// whether the run waits for another subscriber after the last one has left.
func (h *Hub[T]) Own(lingers bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.owned = subscribers; lingers {
		h.owned = lingering
	}
}

// Lost returns the Account for items of the run that no subscriber has received:
// that of the last subscriber, or fallback.
func (h *Hub[T]) Lost(fallback run.Account[T]) run.Account[T] {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil {
		return fallback
	}
	return h.last
}

// over reports whether nothing more is taken.
func (h *Hub[T]) over() bool { return h.closed || h.deserted() }

// deserted reports whether the subscribers own the run, and all of them have left or
// take no more items.
func (h *Hub[T]) deserted() bool {
	return h.abandoned || h.owned == subscribers && h.taking == 0 && len(h.subs) > 0
}

type cacheLine [128]byte // keeps the writes of one core off a cache line that another core reads

// New returns a Hub without subscribers.
func New[T any](cfg Config[T]) *Hub[T] { return &Hub[T]{cfg: cfg} }

// Put puts v into the queue of each subscriber. Under handoff.Block it waits for
// room in every queue. If it returns an error, v is in none of them.
func (h *Hub[T]) Put(ctx context.Context, v T) error {
	if h.cfg.Overflow != handoff.Block {
		return h.offer(v)
	}
	h.mu.Lock()
	if h.over() || len(h.waiters) > 0 || len(h.subs) > 0 && !h.forNobody() && h.stored-h.lowest >= uint64(h.cfg.Size) { //nolint:gosec // at least 1
		if err := h.await(ctx); err != nil {
			h.mu.Unlock()
			return err
		}
	}
	if h.forNobody() { // also if the last subscriber has left while v waited
		h.cfg.History.add(v)
		h.admit()
		h.mu.Unlock()
		return ErrNobody
	}
	h.store(v)
	h.mu.Unlock()
	h.wakeAll()
	return nil
}

// forNobody reports whether an item that comes now is lost.
func (h *Hub[T]) forNobody() bool {
	return h.owned == lingering && h.taking == 0
}

// offer is Put under a strategy that drops items or fails.
func (h *Hub[T]) offer(v T) error {
	type loss struct {
		of    *Sub[T]
		as    run.Account[T]
		out   handoff.Outcome
		cause error
		v     T
	}
	var lost []loss
	h.mu.Lock()
	switch {
	case h.over():
		h.mu.Unlock()
		return fault.ErrClosed
	case h.forNobody():
		h.cfg.History.add(v)
		h.mu.Unlock()
		return ErrNobody
	}
	h.cfg.History.add(v)
	for _, s := range h.subs {
		if s.ended {
			continue
		}
		item, out := s.own.Offer(v, h.cfg.Overflow)
		if out == handoff.Stored {
			continue
		}
		l := loss{of: s, as: s.lost, out: out, v: item}
		if out == handoff.Overflowed {
			l.cause = overflow(h.cfg.Name)
			s.end(l.cause)
		}
		lost = append(lost, l)
	}
	h.mu.Unlock()
	for _, l := range lost { // the hook is user code: if it panics, only this subscriber ends
		var err error
		if l.out == handoff.Refused { // its ctx has ended, and it is about to leave
			err = l.as.Discard(l.v)
		} else {
			err = l.as.DropFor(l.cause, l.v)
		}
		if err != nil {
			h.mu.Lock()
			l.of.end(err)
			h.mu.Unlock()
		}
	}
	return nil
}

// room reports whether every queue has room for one more item. The search goes on at
// the last cursor that was too low: cursors don't go back. The caller holds the
// lock.
func (h *Hub[T]) room() bool {
	if len(h.subs) == 0 || h.stored-h.lowest < uint64(h.cfg.Size) { //nolint:gosec // at least 1
		return true
	}
	for h.scanFrom < len(h.subs) {
		s := h.subs[h.scanFrom]
		switch {
		case !h.lags(s):
			h.scanFrom++
		case s.flags.Load()&halted != 0:
			h.detach(s)
		default:
			return false
		}
	}
	h.scanFrom = 0
	h.measure()
	return true
}

// measure updates lowest.
func (h *Hub[T]) measure() {
	h.lowest = h.stored
	for _, s := range h.subs {
		h.lowest = min(h.lowest, s.cursor.Load())
	}
}

// detach removes a subscriber whose ctx is done, but whose downstream is still busy.
// The subscriber may be reading the ring. So it keeps the ring, and the others get a
// copy.
func (h *Hub[T]) detach(s *Sub[T]) {
	s.end(nil)
	s.ring = h.ring.Load()
	h.remove(s)
	if s.ring != nil && len(h.subs) > 0 {
		cells := make([]T, len(*s.ring))
		copy(cells, *s.ring)
		h.ring.Store(&cells)
	}
}

// remove removes s from the subscribers, if it is one. If s was the last one, and
// the subscribers own the run, nothing is taken from now on.
func (h *Hub[T]) remove(s *Sub[T]) {
	i := s.index
	if i < 0 {
		return
	}
	last := len(h.subs) - 1
	h.subs[i], h.subs[last] = h.subs[last], nil
	if i < last {
		h.subs[i].index = i
	}
	h.subs, s.index = h.subs[:last], -1
	if !s.ended {
		h.taking--
		h.forsake()
	}
	h.scanFrom = 0
	if last > 0 {
		return
	}
	h.ring.Store(nil) // nobody reads it, and it must keep nothing alive
	if h.owned == others || h.closed {
		return
	}
	h.last = s.lost
	if h.owned == subscribers {
		h.abandoned = true
		h.refuse()
	}
}

func (h *Hub[T]) lags(s *Sub[T]) bool {
	return h.stored-s.cursor.Load() >= uint64(h.cfg.Size) //nolint:gosec // at least 1
}

// minRing is the first size of a ring, which grows with its use.
const minRing = 64

// store stores v. The caller holds the lock, and there is room for v. While nobody
// is subscribed, v is not kept in the ring.
func (h *Hub[T]) store(v T) {
	h.cfg.History.add(v)
	if len(h.subs) > 0 {
		cells := h.ring.Load()
		if cells == nil {
			cells = h.grow(nil)
		} else if h.stored-h.lowest >= uint64(len(*cells)) {
			if h.measure(); h.stored-h.lowest >= uint64(len(*cells)) {
				cells = h.grow(cells)
			}
		}
		(*cells)[h.stored&uint64(len(*cells)-1)] = v
		h.stored++
		h.published.Store(h.stored)
	}
	h.admit()
}

// grow makes a larger ring. Nothing is written to the old ring any more. So a
// subscriber that still reads the old ring finds every item there that it has seen
// as stored.
func (h *Hub[T]) grow(old *[]T) *[]T {
	size := 1
	for size < min(minRing, h.cfg.Size) {
		size <<= 1
	}
	if old != nil {
		size = 2 * len(*old)
	}
	cells := make([]T, size)
	for i := h.lowest; i < h.stored; i++ {
		cells[i&uint64(size-1)] = (*old)[i&uint64(len(*old)-1)] //nolint:gosec // a power of two
	}
	h.ring.Store(&cells)
	return &cells
}

// Close ends every subscriber's stream with err, after the items in its queue. It
// reports whether this was the first call. Producers that wait give up.
func (h *Hub[T]) Close(err error) bool {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return false
	}
	h.closed, h.err = true, err
	for _, s := range h.subs {
		s.end(err)
	}
	h.refuse()
	h.mu.Unlock()
	h.wakeAll()
	return true
}

// Len is the number of subscribers.
func (h *Hub[T]) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}

// Closed reports whether Close was called.
func (h *Hub[T]) Closed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

// Newest is the newest item of the history.
func (h *Hub[T]) Newest() T {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cfg.History.newest()
}

// Within reports whether the calling goroutine is a subscriber's. It can tell only
// under handoff.Block.
func (h *Hub[T]) Within() bool {
	id := current()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.subs {
		if s.goroutine == id {
			return true
		}
	}
	return false
}
