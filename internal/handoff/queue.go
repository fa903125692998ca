// Package handoff passes items from producers on goroutines of their own to
// the subscriber's goroutine, through one bounded queue.
package handoff

import (
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/ring"
)

// Queue is first in, first out. Producers Put or Offer, one subscriber takes.
// The lock is never held across a wait or a call.
//
// A Queue that lends lets the subscriber borrow what is there and take it item
// by item without the lock; each item has its place until then. At most one
// producer is on its way from a wait for room; once it has put its item, it calls
// the next one. So a quick producer fills what has become free in one go.
type Queue[T any] struct {
	taken       atomic.Uint64
	starving    atomic.Bool // producers wait, and none is called: who takes must call one
	halted      atomic.Bool // nothing more will be taken
	borrowedEnd uint64      // borrowed up to here; changed under the lock
	borrowed    ring.Ring[T]
	_           [cacheLine]byte

	mu               sync.Mutex // guards all below
	room             sync.Cond  // producers wait for room
	ready            chan struct{}
	ring             ring.Ring[T]
	stored           uint64 // put
	bound            uint64
	waitingProducers int  // producers that wait for room
	producerCalled   bool // one of them is on its way
	lends            bool
	idle             bool // the subscriber waits, or has not begun
	parked           bool // it waits on ready
	closed           bool // nothing more will be put
	err              error
}

// line keeps what the subscriber writes off the producers' cache lines, two of
// which are fetched at a time.
const cacheLine = 128

// New makes a queue of at most bound items.
func New[T any](bound int) *Queue[T] {
	q := &Queue[T]{bound: uint64(max(bound, 0)), ready: make(chan struct{}, 1), idle: true}
	q.room.L = &q.mu
	return q
}

// Lending makes a queue that lends. Its producers only Put.
func Lending[T any](bound int) *Queue[T] {
	q := New[T](bound)
	q.lends = true
	return q
}

// Widen lets by more items wait, or fewer where by is negative.
func (q *Queue[T]) Widen(by int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bound = uint64(int(q.bound) + by) //nolint:gosec // the owner takes back what it gave
	q.callProducer()
}

// waits is the number of items that do.
func (q *Queue[T]) length() uint64 { return q.stored - q.taken.Load() }

// Put waits for room. false: the queue was closed or halted, and v was not stored.
func (q *Queue[T]) Put(v T) bool {
	q.mu.Lock()
	for q.length() >= q.bound && !q.over() {
		q.waitingProducers++
		q.starving.Store(!q.producerCalled)
		if q.length() >= q.bound { // looked at again: the subscriber takes first, and then looks
			q.room.Wait()
			q.producerCalled = false
		}
		q.waitingProducers--
	}
	if q.over() {
		q.mu.Unlock()
		return false
	}
	q.store(v)
	return true
}

// over tells whether nothing more is stored.
func (q *Queue[T]) over() bool { return q.closed || q.halted.Load() }

// call makes one of the producers that wait come, if there is room and none is
// on its way.
func (q *Queue[T]) callProducer() {
	starving := q.waitingProducers > 0 && !q.producerCalled
	if starving && q.length() < q.bound {
		q.producerCalled, starving = true, false
		q.room.Signal()
	}
	if starving != q.starving.Load() {
		q.starving.Store(starving)
	}
}

// Outcome is what became of an item that was offered.
type Outcome int

// The outcomes of an offer.
const (
	Stored     Outcome = iota
	Dropped            // an item, the offered one or an older one, was dropped to make room
	Overflowed         // the offered item found no room, and that is an error
	Refused            // the queue was closed or halted; the item was never in
)

// Offer stores v, or does what the strategy s says where there is no room. It never
// waits, so s is not Block. lost is the item that was dropped, met the overflow, or
// was refused.
func (q *Queue[T]) Offer(v T, s Overflow) (lost T, out Outcome) {
	q.mu.Lock()
	switch {
	case q.over():
		q.mu.Unlock()
		return v, Refused
	case q.length() < q.bound:
		q.store(v)
		return lost, Stored
	case s == DropOldest:
		lost = q.take()
		q.store(v)
		return lost, Dropped
	}
	q.mu.Unlock()
	if s == Fail {
		return v, Overflowed
	}
	return v, Dropped
}

// OfferIdle stores v only if the subscriber waits for an item.
func (q *Queue[T]) OfferIdle(v T) Outcome {
	q.mu.Lock()
	switch {
	case q.halted.Load():
		q.mu.Unlock()
		return Refused
	case q.idle && q.length() == 0:
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
	if q.length() == 0 {
		return v, false
	}
	q.stored--
	return q.ring.Take(q.stored), true
}

// store is called with the lock held and room for v, and unlocks.
func (q *Queue[T]) store(v T) {
	q.ring.Fit(q.taken.Load(), q.borrowedEnd, q.stored)
	*q.ring.At(q.stored) = v
	q.stored++
	if q.waitingProducers > 0 {
		q.callProducer()
	}
	q.unlockWake()
}

// take is called with the lock held and an item that is not borrowed.
func (q *Queue[T]) take() T {
	at := q.taken.Load()
	v := q.ring.Take(at)
	q.taken.Store(at + 1)
	return v
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
	at := q.taken.Load()
	if !q.lends {
		return q.takeOne()
	}
	if at == q.borrowedEnd && !q.borrow() || q.halted.Load() {
		return v, false
	}
	v = q.borrowed.Take(at)
	q.taken.Store(at + 1)
	if q.starving.Load() { // looked at behind it: see Put
		q.mu.Lock()
		q.callProducer()
		q.mu.Unlock()
	}
	return v, true
}

// one is Next of a queue that does not lend.
func (q *Queue[T]) takeOne() (v T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.await() {
		return v, false
	}
	v = q.take()
	q.callProducer()
	return v, true
}

// borrow waits for items, and makes all that are there the subscriber's own.
func (q *Queue[T]) borrow() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.await() {
		return false
	}
	q.borrowedEnd, q.borrowed = q.stored, q.ring
	return true
}

// NextAll waits for an item and takes all that are there.
func (q *Queue[T]) NextAll() (all []T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.await() {
		return nil, false
	}
	all = q.drain()
	q.callProducer()
	return all, true
}

// wait is called with the lock held, and holds it when it returns. It tells
// whether there is an item to take.
func (q *Queue[T]) await() bool {
	for q.length() == 0 && !q.over() {
		q.idle, q.parked = true, true
		q.mu.Unlock()
		<-q.ready
		q.mu.Lock()
	}
	q.idle = false
	return q.length() > 0 && !q.halted.Load()
}

// drain takes all, also what is borrowed.
func (q *Queue[T]) drain() []T {
	at := q.taken.Load()
	all := make([]T, 0, q.stored-at)
	for ; at < q.borrowedEnd; at++ {
		all = append(all, q.borrowed.Take(at))
	}
	for ; at < q.stored; at++ {
		all = append(all, q.ring.Take(at))
	}
	q.taken.Store(at)
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

// End is Err where the subscriber has come to it: nil where the queue was halted before.
func (q *Queue[T]) End() error {
	if q.halted.Load() {
		return nil
	}
	return q.Err()
}

// Halt frees everyone who waits. Nothing is stored or taken after it.
func (q *Queue[T]) Halt() {
	q.mu.Lock()
	q.halted.Store(true)
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
