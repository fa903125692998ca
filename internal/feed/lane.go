package feed

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/ring"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Lane is one upstream of a Meet. A lane with an open door passes its items to accept.
// While the door is shut, upstream waits with its next item.
type Lane[T any] struct {
	laneLink
	m      *Meet
	accept func(v T) (due bool)

	hooks   run.Hooks[T]
	counts  bool // whether a refused item counts as lost
	inOrder bool // a failure takes the place of the next item
	refused run.Refused[T]

	offered atomic.Bool // v waits for the subscriber; changed under the Meet's lock
	v       T
	parked  bool          // upstream waits on free
	free    chan struct{} // cap 1; nil before the first wait
	ended   bool          // upstream has ended
	told    bool          // and the subscriber knows it
	err     error         // of upstream, if it fails in order

	ahead    ring.Ring[T] // items read ahead
	lo, hi   uint64       // their positions
	capacity uint64       // how many there may be
}

// Lay adds an upstream to m. All upstreams are laid before one of them is started.
//
// accept puts an item into the operator's state, and reports whether the subscriber
// must come. It runs under the lock, on the upstream's goroutine or on the
// subscriber's, and so must be a few assignments, without a function of the user.
// ahead is how many items may wait for accept besides the one in upstream's hand.
func Lay[T any](m *Meet, hooks run.Hooks[T], ahead int, accept func(v T) (due bool)) *Lane[T] {
	l := &Lane[T]{m: m, accept: accept, hooks: hooks, counts: true, capacity: uint64(max(ahead, 0))}
	l.lane = l
	m.lanes = append(m.lanes, l)
	return l
}

// LayNotifier is Lay for a stream whose items are signals: none of them counts as
// lost.
func LayNotifier[T any](m *Meet, accept func(v T) (due bool)) *Lane[T] {
	l := Lay(m, run.Hooks[T]{}, 0, accept)
	l.counts = false
	return l
}

// Start runs up on its own goroutine. A failure of up ends the Scope at once.
func (l *Lane[T]) Start(up Push[T]) {
	l.m.Upstream(func(ctx context.Context) error { return up(ctx, l.hand) }, l.finish)
}

// StartInOrder is Start for an operator that waits for one lane at a time: a failure
// of up takes the place of its next item. Err returns it.
func (l *Lane[T]) StartInOrder(up Push[T]) {
	l.inOrder = true
	l.Start(up)
}

// finish notes the end of upstream.
func (l *Lane[T]) finish(err error) {
	m := l.m
	if m.Ctx.Err() != nil || err != nil && !l.inOrder {
		m.Fail(err) // also the failure of a clean-up
		return
	}
	m.mu.Lock()
	l.ended, l.err = true, err
	called := err != nil && m.failure == nil
	if called {
		m.failure = err
	}
	if m.open && l.lo == l.hi {
		l.told, called = true, true
	} else {
		m.enqueue(&l.laneLink)
	}
	if called && m.open {
		m.call()
		return
	}
	m.mu.Unlock()
}

// The subscriber calls the methods below, outside Await. accept may call Shut.

// Ended reports whether upstream has ended, and accept has been called with all of its
// items.
func (l *Lane[T]) Ended() bool { return l.told }

// Err is the error of an upstream that has ended, if it fails in order.
func (l *Lane[T]) Err() error {
	if !l.told {
		return nil
	}
	return l.err
}

// Shut makes upstream wait with its next item until Open.
func (l *Lane[T]) Shut() { l.shut = true }

// Open undoes Shut.
func (l *Lane[T]) Open() {
	if !l.shut {
		return
	}
	l.shut = false
	if l.aside {
		l.aside = false
		l.m.reopened = append(l.m.reopened, &l.laneLink)
	}
}

// hand waits until v is accepted or stored. If the Scope ends first, v is refused, and
// was never in.
func (l *Lane[T]) hand(v T) bool {
	m := l.m
	if m.Ctx.Err() != nil {
		return l.refuse(v)
	}
	m.mu.Lock()
	switch {
	case m.open && !l.shut:
		if l.accept(v) {
			m.call()
			return true
		}
		m.mu.Unlock()
		return true
	case l.hi-l.lo < l.capacity:
		l.store(v)
		m.enqueue(&l.laneLink)
		m.mu.Unlock()
		return true
	}
	l.v = v
	l.offered.Store(true)
	m.enqueue(&l.laneLink)
	m.mu.Unlock()
	for range patience {
		runtime.Gosched()
		if !l.offered.Load() {
			return true
		}
	}
	return l.park(v)
}

// park waits on channels until v, which is offered, is taken.
func (l *Lane[T]) park(v T) bool {
	m := l.m
	m.mu.Lock()
	if !l.offered.Load() {
		m.mu.Unlock()
		return true
	}
	if l.free == nil {
		l.free = make(chan struct{}, 1)
	}
	l.parked = true
	m.mu.Unlock()
	select {
	case <-l.free:
		return true
	case <-m.Ctx.Done():
	}
	m.mu.Lock()
	if !l.parked { // taken meanwhile
		m.mu.Unlock()
		<-l.free
		return true
	}
	var none T
	l.v, l.parked = none, false
	l.offered.Store(false)
	m.mu.Unlock()
	return l.refuse(v)
}

// refuse returns false, for an emit to return.
func (l *Lane[T]) refuse(v T) bool {
	return l.counts && !l.m.Completed() && l.refused.Keep(v)
}

func (l *Lane[T]) store(v T) {
	l.ahead.Grow(l.lo, l.hi)
	*l.ahead.At(l.hi) = v
	l.hi++
}

// settle takes the next item or the end of upstream. It reports whether that makes
// something due. The caller holds the Meet's lock.
func (l *Lane[T]) settle() (due bool) {
	switch {
	case l.lo != l.hi:
		v := l.ahead.Take(l.lo)
		l.lo++
		if l.offered.Load() && l.hi-l.lo <= l.capacity/2 { // not for each item: upstream would be woken each time
			l.store(l.takeOffer())
		}
		return l.accept(v)
	case l.offered.Load():
		return l.accept(l.takeOffer())
	case l.ended && !l.told:
		l.told = true
		return true
	}
	return false
}

// takeOffer takes the item in upstream's hand, and frees upstream.
func (l *Lane[T]) takeOffer() (v T) {
	v, l.v = l.v, v
	l.offered.Store(false)
	if l.parked {
		l.parked = false
		l.free <- struct{}{}
	}
	return v
}

// holds reports whether settle has something to take: an item, if the door is open,
// or the end of upstream.
func (l *Lane[T]) holds() (items, end bool) {
	items = l.lo != l.hi || l.offered.Load()
	return items, !items && l.ended && !l.told
}

// account discards the items that were read ahead or refused. It runs after everything
// is reaped.
func (l *Lane[T]) account() error {
	if !l.counts {
		return nil
	}
	var left []T
	if !l.m.Completed() {
		for ; l.lo != l.hi; l.lo++ {
			left = append(left, l.ahead.Take(l.lo))
		}
	}
	if left = append(left, l.refused.Take()...); len(left) == 0 {
		return nil
	}
	return fault.Join(l.hooks.At(l.m.Stage()).Discard(left...))
}

// laneLink is the part of a Lane that does not depend on the type of its items.
type laneLink struct {
	lane interface {
		settle() (due bool)
		holds() (items, end bool)
	}
	next   *laneLink
	queued bool // it is in the queue
	aside  bool // it has an item, but the door is shut: Open queues it again
	shut   bool // changed by the subscriber, or by accept
}

// enqueue makes Await look at k. The caller holds the lock.
func (m *Meet) enqueue(k *laneLink) {
	switch {
	case k.queued || k.aside:
	case m.open: // its door is shut, or an upstream could put its item into the state
		k.aside = true
	default:
		m.queue.put(k)
	}
}

// laneQueue has the lanes that Await must look at, each of them once. The lane that was
// looked at goes to the end, so that no lane starves.
type laneQueue struct{ first, last *laneLink }

func (q *laneQueue) put(k *laneLink) {
	if k.queued {
		return
	}
	k.queued, k.next = true, nil
	if q.first == nil {
		q.first = k
	} else {
		q.last.next = k
	}
	q.last = k
}

// settle takes from the lanes until something is due. It reports whether something is.
func (q *laneQueue) settle() (due bool) {
	for !due && q.first != nil {
		k := q.first
		q.first, k.next, k.queued = k.next, nil, false
		items, end := k.lane.holds()
		if items && k.shut {
			k.aside = true
			continue
		}
		if !items && !end {
			continue // the item was withdrawn
		}
		due = k.lane.settle()
		if items, end = k.lane.holds(); items && k.shut {
			k.aside = true
		} else if items || end {
			q.put(k)
		}
	}
	return due
}
