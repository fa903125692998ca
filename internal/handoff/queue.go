// Package handoff passes items from producers, on their own goroutines, to the
// subscriber's goroutine, through one bounded queue.
package handoff

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/ring"
)

// Queue is first in, first out. Producers Put or Offer, one subscriber takes. The
// lock is never held across a wait or a call.
//
// The subscriber of a lending Queue borrows all items that are there, and takes them
// one by one without the lock. Each item keeps its place until it is taken. A
// producer that waits for room is called when there is room. At most one producer is
// called at a time. After it has put some items, it calls the next producer; if it does
// not come back with more, the subscriber does. So a quick producer fills all free
// places in one go.
type Queue[T any] struct {
	taken       atomic.Uint64
	starving    atomic.Bool // producers wait, and none is called: whoever takes an item must call one
	giverWaits  atomic.Bool // for quick upstreams to end: whoever takes an item must call onTaken
	halted      atomic.Bool // nothing more will be taken
	news        atomic.Bool // something has come since the subscriber took all, or began to wait
	borrowedEnd uint64      // borrowed up to this position; changed under the lock
	borrowed    ring.Ring[T]
	_           [cacheLine]byte

	mu               sync.Mutex // guards all fields below
	room             sync.Cond  // producers wait for room
	ready            chan struct{}
	ring             ring.Ring[T]
	stored           uint64 // items put since the beginning
	bound            uint64
	quick            ring.Ring[uint64] // positions of the last items of quick upstreams, which hold a place each
	quickStored      uint64            // quick upstreams since the beginning
	quickTaken       uint64            // those that have given back their places
	onTaken          func()            // see giverWaits; runs under the lock, also at Halt; nil without a Crew
	waitingProducers int               // producers that wait for room
	producerCalled   bool              // one of them is called or spins, and has not continued yet
	turn             int               // items put since a waiting producer was called; see maxTurn
	lends            bool
	idle             bool // the subscriber waits, or has not begun
	parked           bool // the subscriber waits on ready
	closed           bool // nothing more will be put
	err              error
}

// cacheLine keeps the subscriber's writes off the producers' cache lines. It is
// twice the size of a cache line: processors fetch two at a time.
const cacheLine = 128

// New returns a queue of at most bound items.
func New[T any](bound int) *Queue[T] {
	q := &Queue[T]{bound: uint64(max(bound, 0)), ready: make(chan struct{}, 1), idle: true}
	q.room.L = &q.mu
	return q
}

// Lending returns a queue that lends. Its producers only Put.
func Lending[T any](bound int) *Queue[T] {
	q := New[T](bound)
	q.lends = true
	return q
}

// Widen raises the bound by by items, or lowers it if by is negative.
func (q *Queue[T]) Widen(by int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.widen(by)
}

// widen is Widen. The caller holds the lock.
func (q *Queue[T]) widen(by int) {
	q.bound = uint64(int(q.bound) + by) //nolint:gosec // the owner takes back what it has added
	if q.waitingProducers > 0 {
		q.callProducer()
	}
}

// length is the number of waiting items.
func (q *Queue[T]) length() uint64 { return q.stored - q.taken.Load() }

// over reports whether nothing more is stored.
func (q *Queue[T]) over() bool { return q.closed || q.halted.Load() }

// Outcome is the result of an offer.
type Outcome int

// The outcomes of an offer.
const (
	Stored     Outcome = iota
	Dropped            // an item was dropped to make room: the offered item or an older one
	Overflowed         // the offered item found no room, and that is an error
	Refused            // the queue was closed or halted; the item was never in it
	NoRoom             // nothing was stored; see Crew.Quick
)

// Offer stores v. If there is no room, it applies the strategy s. It never waits, so
// s is not Block. lost is the item that was dropped, that met the overflow, or that
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

// Withdraw takes back the newest item. It is for a queue with one producer, which
// will put another item in its place. ok is false if the queue is empty.
func (q *Queue[T]) Withdraw() (v T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.length() == 0 {
		return v, false
	}
	q.stored--
	return q.ring.Take(q.stored), true
}

// store stores v. The caller holds the lock, and there is room for v; store releases
// the lock.
func (q *Queue[T]) store(v T) {
	q.add(v)
	q.unlockWake()
}

// add is store that keeps the lock, and does not wake the subscriber.
func (q *Queue[T]) add(v T) {
	q.ring.Fit(q.taken.Load(), q.borrowedEnd, q.stored)
	*q.ring.At(q.stored) = v
	q.stored++
	if q.waitingProducers > 0 {
		if q.turn++; q.turn >= maxTurn {
			q.turn = 0
			q.callProducer()
		} else if q.starving.Load() == q.producerCalled {
			q.starving.Store(!q.producerCalled) // if this producer does not come back, the subscriber calls the next
		}
	}
}

// take takes the oldest item. The caller holds the lock, and that item is not
// borrowed.
func (q *Queue[T]) take() T {
	at := q.taken.Load()
	v := q.ring.Take(at)
	q.taken.Store(at + 1)
	return v
}

// unlockWake wakes the subscriber if it waits, and releases the lock.
func (q *Queue[T]) unlockWake() {
	wakes := q.calls()
	q.mu.Unlock()
	if wakes {
		q.ready <- struct{}{}
	}
}

// calls tells a subscriber that waits that something has come. It reports whether the
// caller must also send to ready. The flag is cleared before the send, so ready always
// has room.
func (q *Queue[T]) calls() (wakes bool) {
	if !q.news.Load() {
		q.news.Store(true)
	}
	wakes = q.parked
	q.parked = false
	return wakes
}

// Next waits for an item. It returns false if the queue was closed and is empty, or
// if it was halted; Err then returns the error of Close.
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
	if q.starving.Load() { // read after taken was stored: see Put
		q.mu.Lock()
		q.callProducer()
		q.mu.Unlock()
	}
	if q.giverWaits.Load() {
		q.tellGiver()
	}
	return v, true
}

// takeOne is Next of a queue that does not lend.
func (q *Queue[T]) takeOne() (v T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.await(fewYields) {
		return v, false
	}
	v = q.take()
	q.callProducer()
	return v, true
}

// borrow waits for items, and lends all items that are there to the subscriber. It
// spins first, without the lock: so a round costs the subscriber the lock only once.
func (q *Queue[T]) borrow() bool {
	for spun := 0; spun < patience && !q.news.Load(); spun++ {
		runtime.Gosched()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.await(0) {
		return false
	}
	q.news.Store(false)
	q.borrowedEnd, q.borrowed = q.stored, q.ring
	return true
}

// NextAll waits for an item and takes all items that are there.
func (q *Queue[T]) NextAll() (all []T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.await(fewYields) {
		return nil, false
	}
	all = q.drain()
	q.callProducer()
	return all, true
}

// await waits for an item, and reports whether there is one to take. The subscriber
// lets other goroutines run at most yields times before it parks. The caller holds the
// lock; await may release and reacquire it.
func (q *Queue[T]) await(yields int) bool {
	for q.length() == 0 && !q.over() {
		q.idle = true
		if yields > 0 {
			q.news.Store(false)
			q.mu.Unlock()
			for ; yields > 0 && !q.news.Load(); yields-- { // without the lock, which the producers need
				runtime.Gosched()
			}
		} else {
			q.parked = true
			q.mu.Unlock()
			<-q.ready
		}
		q.mu.Lock()
	}
	q.idle = false
	return q.length() > 0 && !q.halted.Load()
}

// drain takes all items, also the borrowed ones.
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

// Close notes that nothing more will be put, and why. The first call counts. It
// frees the producers that wait.
func (q *Queue[T]) Close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.shut(err)
}

// shut is Close. The caller holds the lock.
func (q *Queue[T]) shut(err error) {
	if !q.closed {
		q.closed, q.err = true, err
		q.room.Broadcast()
	}
	if q.calls() {
		q.ready <- struct{}{} // does not wait
	}
}

// Err is the error that was passed to Close.
func (q *Queue[T]) Err() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err
}

// End is the error that the subscriber ends with: Err, or nil if the queue was
// halted.
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
	if q.onTaken != nil {
		q.onTaken()
	}
	q.unlockWake()
}

// Abort is Halt with an error, which replaces the error of Close.
func (q *Queue[T]) Abort(err error) {
	q.mu.Lock()
	q.err = err
	q.mu.Unlock()
	q.Halt()
}

// Left takes the items that were stored and not taken. Call it after everyone has
// ended.
func (q *Queue[T]) Left() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.drain()
}
