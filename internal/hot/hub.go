// Package hot gives one run of a stream to many subscribers: each has a bounded
// queue of its own, which it drains on its own goroutine.
//
// Under handoff.Block the queues share one ring: the items are stored once, and
// each subscriber has a cursor of its own, so that an item costs its producer
// the same for one subscriber as for a thousand. The slowest cursor holds the
// producers. A strategy that drops leaves gaps in a queue, so there each
// subscriber has a queue for itself.
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

// Config is what a Hub is made of.
type Config[T any] struct {
	Name    string
	Size    int // of each subscriber's queue
	Full    handoff.Full
	Discard func(any)   // is called with what a subscriber loses; may be nil
	History *History[T] // what a new subscriber gets first; nil: nothing
}

// Hub is the many queues, and what producers put into them. Its locks are never
// held across a wait or a call of user code.
type Hub[T any] struct {
	// What every subscriber reads, once for a run of items.
	hi   atomic.Uint64 // items stored
	ring atomic.Pointer[[]T]
	_    line

	parking[T]
	_ line

	mu      sync.Mutex // guards all below
	cfg     Config[T]
	subs    []*Sub[T]
	next    uint64    // hi, for who holds the lock
	low     uint64    // no cursor is below it
	scan    int       // where the search for a cursor that lags goes on
	waiters []*waiter // producers that wait for room, in the order of their arrival
	closed  bool
	err     error
	owned   owner          // whose the run is that fills the Hub
	nobody  bool           // the last subscriber has left: nothing is taken any more
	live    int            // subscribers that take what comes
	last    run.Account[T] // of the subscriber that has left last, where nobody is there
}

// owner is whose the run is that fills a Hub.
type owner int

const (
	others      owner = iota // what comes while nobody is subscribed is nobody's
	subscribers              // nothing is taken any more when the last one has left
	lingering                // nor is anything kept then; but it is taken, for another may come
)

// ErrNobody is what Put returns for an item that came while nobody was subscribed,
// to a run that waits for another subscriber.
var ErrNobody = errors.New("turbopipes: nobody is subscribed now")

// Own makes the run that fills the Hub its subscribers' own; lingers tells whether
// it waits for others when the last one has left.
func (h *Hub[T]) Own(lingers bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.owned = subscribers; lingers {
		h.owned = lingering
	}
}

// Lost accounts for items of the run that no subscriber was given: they are the
// last one's, or fallback's.
func (h *Hub[T]) Lost(fallback run.Account[T]) run.Account[T] {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil {
		return fallback
	}
	return h.last
}

// over tells whether nothing more is taken.
func (h *Hub[T]) over() bool { return h.closed || h.deserted() }

// deserted tells whether the run is its subscribers', and all of them have left or take
// nothing more.
func (h *Hub[T]) deserted() bool {
	return h.nobody || h.owned == subscribers && h.live == 0 && len(h.subs) > 0
}

type line [128]byte // keeps what one core writes off the line that another one reads

// New makes a Hub without subscribers.
func New[T any](cfg Config[T]) *Hub[T] { return &Hub[T]{cfg: cfg} }

// Put gives v to all who are subscribed. Under handoff.Block it waits for room in
// each queue; when it returns an error, v is in none of them.
func (h *Hub[T]) Put(ctx context.Context, v T) error {
	if h.cfg.Full != handoff.Block {
		return h.offer(v)
	}
	h.mu.Lock()
	if h.over() || len(h.waiters) > 0 || len(h.subs) > 0 && !h.forNobody() && h.next-h.low >= uint64(h.cfg.Size) { //nolint:gosec // at least 1
		if err := h.await(ctx); err != nil {
			h.mu.Unlock()
			return err
		}
	}
	if h.forNobody() { // also where the last one has left while v waited
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

// forNobody tells whether an item that comes now is lost.
func (h *Hub[T]) forNobody() bool {
	return h.owned == lingering && h.live == 0
}

// offer is Put where a full queue drops.
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
		item, out := s.own.Offer(v, h.cfg.Full)
		if out == handoff.Stored {
			continue
		}
		l := loss{of: s, as: s.lost, out: out, v: item}
		if out == handoff.Overflow {
			l.cause = overflow(h.cfg.Name)
			s.end(l.cause)
		}
		lost = append(lost, l)
	}
	h.mu.Unlock()
	for _, l := range lost { // the hook is user code: its panic is the end of that subscriber alone
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

// room tells whether every cursor is far enough for one more item. It goes on
// where it has found one that is not: cursors don't go back.
func (h *Hub[T]) room() bool {
	if len(h.subs) == 0 || h.next-h.low < uint64(h.cfg.Size) { //nolint:gosec // at least 1
		return true
	}
	for h.scan < len(h.subs) {
		s := h.subs[h.scan]
		switch {
		case !h.lags(s):
			h.scan++
		case s.flags.Load()&halted != 0:
			h.detach(s)
		default:
			return false
		}
	}
	h.scan = 0
	h.measure()
	return true
}

// measure brings low up to date.
func (h *Hub[T]) measure() {
	h.low = h.next
	for _, s := range h.subs {
		h.low = min(h.low, s.cursor.Load())
	}
}

// detach removes a subscriber whose ctx is done, but whose downstream is still
// busy. It may be reading: it gets the ring, and the others a copy.
func (h *Hub[T]) detach(s *Sub[T]) {
	s.end(nil)
	s.left = h.ring.Load()
	h.remove(s)
	if s.left != nil && len(h.subs) > 0 {
		cells := make([]T, len(*s.left))
		copy(cells, *s.left)
		h.ring.Store(&cells)
	}
}

// remove takes s out of the subscribers, if it is one of them. If it was the last
// one, and the run is theirs, nothing is taken from here on.
func (h *Hub[T]) remove(s *Sub[T]) {
	i := s.at
	if i < 0 {
		return
	}
	last := len(h.subs) - 1
	h.subs[i], h.subs[last] = h.subs[last], nil
	if i < last {
		h.subs[i].at = i
	}
	h.subs, s.at = h.subs[:last], -1
	if !s.ended {
		h.live--
		h.forsake()
	}
	h.scan = 0
	if last > 0 {
		return
	}
	h.ring.Store(nil) // nobody reads it, and it keeps nothing alive
	if h.owned == others || h.closed {
		return
	}
	h.last = s.lost
	if h.owned == subscribers {
		h.nobody = true
		h.refuse()
	}
}

func (h *Hub[T]) lags(s *Sub[T]) bool {
	return h.next-s.cursor.Load() >= uint64(h.cfg.Size) //nolint:gosec // at least 1
}

// first is the size of a ring that begins; it grows to what is in use.
const first = 64

// store is called with the lock held and room for v. Nothing is kept while
// nobody is subscribed.
func (h *Hub[T]) store(v T) {
	h.cfg.History.add(v)
	if len(h.subs) > 0 {
		cells := h.ring.Load()
		if cells == nil {
			cells = h.grow(nil)
		} else if h.next-h.low >= uint64(len(*cells)) {
			if h.measure(); h.next-h.low >= uint64(len(*cells)) {
				cells = h.grow(cells)
			}
		}
		(*cells)[h.next&uint64(len(*cells)-1)] = v
		h.next++
		h.hi.Store(h.next)
	}
	h.admit()
}

// grow makes a larger ring. Who reads from the old one finds there what it has
// seen to be stored: that one is not written to any more.
func (h *Hub[T]) grow(old *[]T) *[]T {
	size := 1
	for size < min(first, h.cfg.Size) {
		size <<= 1
	}
	if old != nil {
		size = 2 * len(*old)
	}
	cells := make([]T, size)
	for i := h.low; i < h.next; i++ {
		cells[i&uint64(size-1)] = (*old)[i&uint64(len(*old)-1)] //nolint:gosec // a power of two
	}
	h.ring.Store(&cells)
	return &cells
}

// Close ends every subscriber's stream with err, behind what is in its queue,
// and tells whether it was the first to do so. Producers that wait give up.
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

// Len is how many are subscribed.
func (h *Hub[T]) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}

// Closed tells whether Close was called.
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

// Within tells whether the calling goroutine is a subscriber's, as far as that
// can be seen: under handoff.Block.
func (h *Hub[T]) Within() bool {
	id := current()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.subs {
		if s.id == id {
			return true
		}
	}
	return false
}
