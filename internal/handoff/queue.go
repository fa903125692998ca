// Package handoff passes items from producers on goroutines of their own to
// the subscriber's goroutine, through one bounded queue.
package handoff

import (
	"sync"

	"github.com/turbopipes/turbopipes/internal/ring"
)

// Queue is first in, first out. Producers Put or Offer, one subscriber takes.
// The lock is never held across a wait or a call.
type Queue[T any] struct {
	mu     sync.Mutex // guards all below
	room   sync.Cond  // producers wait for room
	ready  chan struct{}
	ring   ring.Ring[T]
	lo, hi uint64 // taken, put
	bound  uint64
	idle   bool // the subscriber waits, or has not begun
	parked bool // it waits on ready
	closed bool // nothing more will be put
	halted bool // nothing more will be taken
	err    error
}

// New makes a queue of at most bound items.
func New[T any](bound int) *Queue[T] {
	q := &Queue[T]{bound: uint64(max(bound, 0)), ready: make(chan struct{}, 1), idle: true}
	q.room.L = &q.mu
	return q
}

// Widen lets by more items wait, or fewer where by is negative.
func (q *Queue[T]) Widen(by int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bound = uint64(int(q.bound) + by) //nolint:gosec // the owner takes back what it gave
	if by > 0 {
		q.room.Broadcast()
	}
}

// Put waits for room. false: the queue was closed or halted, and v was not stored.
func (q *Queue[T]) Put(v T) bool {
	q.mu.Lock()
	for q.hi-q.lo >= q.bound && !q.halted && !q.closed {
		q.room.Wait()
	}
	if q.halted || q.closed {
		q.mu.Unlock()
		return false
	}
	q.store(v)
	return true
}

// Outcome is what became of an item that was offered.
type Outcome int

// The outcomes of an offer.
const (
	Stored   Outcome = iota
	Dropped          // an item, the offered one or an older one, was dropped to make room
	Overflow         // the offered item found no room, and that is an error
	Refused          // the queue was closed or halted; the item was never in
)

// Full is what an offer does where there is no room.
type Full int

// What a full queue does, in the order of turbopipes.Overflow. An offer is never
// made to Block.
const (
	Block Full = iota
	DropNewest
	DropOldest
	Fail
)

// Offer never waits. lost is the item that was dropped, or met the overflow.
func (q *Queue[T]) Offer(v T, full Full) (lost T, out Outcome) {
	q.mu.Lock()
	switch {
	case q.halted || q.closed:
		q.mu.Unlock()
		return lost, Refused
	case q.hi-q.lo < q.bound:
		q.store(v)
		return lost, Stored
	case full == DropOldest:
		lost = q.ring.Take(q.lo)
		q.lo++
		q.store(v)
		return lost, Dropped
	}
	q.mu.Unlock()
	if full == Fail {
		return v, Overflow
	}
	return v, Dropped
}

// OfferIdle stores v only if the subscriber waits for an item.
func (q *Queue[T]) OfferIdle(v T) Outcome {
	q.mu.Lock()
	switch {
	case q.halted:
		q.mu.Unlock()
		return Refused
	case q.idle && q.hi == q.lo:
		q.store(v)
		return Stored
	}
	q.mu.Unlock()
	return Dropped
}

// Withdraw takes back the newest item, for one producer that will put another
// one in its place. ok is false where the queue is empty.
func (q *Queue[T]) Withdraw() (v T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.hi == q.lo {
		return v, false
	}
	q.hi--
	return q.ring.Take(q.hi), true
}

// store is called with the lock held and room for v, and unlocks.
func (q *Queue[T]) store(v T) {
	q.ring.Grow(q.lo, q.hi)
	*q.ring.At(q.hi) = v
	q.hi++
	q.unlockWake()
}

// unlockWake wakes the subscriber if it is parked. The flag is cleared before
// the send, so ready always has room.
func (q *Queue[T]) unlockWake() {
	wake := q.parked
	q.parked = false
	q.mu.Unlock()
	if wake {
		q.ready <- struct{}{}
	}
}

// Next waits for an item. false: the queue was closed and is empty, or it was
// halted; Err tells what Close was given.
func (q *Queue[T]) Next() (v T, ok bool) {
	q.mu.Lock()
	if !q.wait() {
		q.mu.Unlock()
		return v, false
	}
	v = q.ring.Take(q.lo)
	q.lo++
	q.room.Signal()
	q.mu.Unlock()
	return v, true
}

// NextAll waits for an item and takes all that are there.
func (q *Queue[T]) NextAll() (all []T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.wait() {
		return nil, false
	}
	all = q.drain()
	q.room.Broadcast()
	return all, true
}

// wait is called with the lock held, and holds it when it returns. It tells
// whether there is an item to take.
func (q *Queue[T]) wait() bool {
	for q.hi == q.lo && !q.closed && !q.halted {
		q.idle, q.parked = true, true
		q.mu.Unlock()
		<-q.ready
		q.mu.Lock()
	}
	q.idle = false
	return q.hi > q.lo && !q.halted
}

func (q *Queue[T]) drain() []T {
	all := make([]T, 0, q.hi-q.lo)
	for ; q.lo < q.hi; q.lo++ {
		all = append(all, q.ring.Take(q.lo))
	}
	return all
}

// Close tells that nothing more will be put, and why; the first one counts. It
// frees a producer that waits.
func (q *Queue[T]) Close(err error) {
	q.mu.Lock()
	if !q.closed {
		q.closed, q.err = true, err
		q.room.Broadcast()
	}
	q.unlockWake()
}

// Err is what Close was given.
func (q *Queue[T]) Err() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err
}

// Halt frees everyone who waits. Nothing is stored or taken after it.
func (q *Queue[T]) Halt() {
	q.mu.Lock()
	q.halted = true
	q.room.Broadcast()
	q.unlockWake()
}

// Abort is Halt that tells why, whatever Close was given.
func (q *Queue[T]) Abort(err error) {
	q.mu.Lock()
	q.err = err
	q.mu.Unlock()
	q.Halt()
}

// Left takes what was stored and not taken. Call it when everyone has ended.
func (q *Queue[T]) Left() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.drain()
}
