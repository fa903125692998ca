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
//
// An item is in upstream's hand until it is accepted or stored. A lane that reads ahead
// stores up to capacity items. The subscriber borrows all stored items at once, and
// takes them one by one without the lock. A borrowed item keeps its place until it is
// taken, so the bound is strict.
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

	// Positions of items that were read ahead: taken ≤ lentEnd ≤ stored. The Meet's lock
	// guards them, but taken belongs to the subscriber.
	taken    uint64
	lentEnd  uint64 // the items before it are borrowed
	stored   uint64
	freed    uint64       // the places before it are free again; at most taken
	capacity uint64       // stored-freed is at most capacity
	lent     ring.Ring[T] // from taken to lentEnd; belongs to the subscriber
	ahead    ring.Ring[T] // from lentEnd to stored
}

// Lay adds an upstream to m. All upstreams are laid before one of them is started.
//
// accept puts an item into the operator's state, and reports whether the subscriber
// must come. It runs under the lock, on the upstream's goroutine or on the
// subscriber's, and so must be a few assignments, without a function of the user.
// ahead is how many items may wait for accept besides the item in upstream's hand.
func Lay[T any](m *Meet, hooks run.Hooks[T], ahead int, accept func(v T) (due bool)) *Lane[T] {
	l := &Lane[T]{m: m, accept: accept, hooks: hooks, counts: true, capacity: uint64(max(ahead, 0))}
	l.lane = l
	m.lanes = append(m.lanes, l)
	m.live++
	return l
}

// LayNotifier is Lay for a stream whose items are signals: none of them counts as
// lost.
func LayNotifier[T any](m *Meet, accept func(v T) (due bool)) *Lane[T] {
	l := Lay(m, run.Hooks[T]{}, 0, accept)
	l.counts = false
	return l
}

// Start runs up on its own goroutine. A failure of up ends the Scope at once. But if
// the lane reads ahead, Start is StartInOrder.
func (l *Lane[T]) Start(up Push[T]) {
	l.inOrder = l.inOrder || l.capacity > 0
	l.m.Upstream(func(ctx context.Context) error { return up(ctx, l.Hand) }, l.End)
}

// StartInOrder is Start for an operator that waits for one lane at a time: a failure
// of up takes the place of its next item. Err returns it.
func (l *Lane[T]) StartInOrder(up Push[T]) {
	l.inOrder = true
	l.Start(up)
}

// End notes the end of upstream. Start calls it; an operator that starts the upstream
// itself calls it after the last Hand.
func (l *Lane[T]) End(err error) {
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
	if m.open && l.taken == l.stored {
		l.tell()
		called = true
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

// Open undoes Shut. Await then looks at the lane again.
func (l *Lane[T]) Open() {
	if !l.shut {
		return
	}
	if l.shut = false; !l.reopened {
		l.reopened = true
		l.m.reopened = append(l.m.reopened, &l.laneLink)
	}
}

// Take takes the next item, if it is there, without accept. An operator that knows
// which lane it needs is quicker with Take, and calls Await only if Take returns none.
func (l *Lane[T]) Take() (v T, ok bool) {
	m := l.m
	switch {
	case m.Ctx.Err() != nil:
		return v, false
	case l.taken != l.lentEnd:
		return l.takeLent(), true
	case l.capacity == 0 && !l.offered.Load(): // no lock for nothing: upstream needs it
		return v, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case l.taken != l.stored:
		v = l.borrow()
	case l.offered.Load():
		v = l.takeOffer()
	default:
		return v, false
	}
	if l.aside = false; l.lentEnd != l.stored || l.ended {
		m.enqueue(&l.laneLink)
	}
	return v, true
}

// Refill undoes Shut in a shared Meet. The item in upstream's hand is accepted at once.
// The caller holds the lock.
func (l *Lane[T]) Refill() {
	l.shut, l.aside = false, false
	if l.offered.Load() {
		l.m.pending = l.accept(l.takeOffer()) || l.m.pending
	}
}

// Hand is upstream's emit. It waits until v is accepted or stored. If the Scope ends
// first, v is refused, and was never in.
func (l *Lane[T]) Hand(v T) bool {
	m := l.m
	if m.Ctx.Err() != nil {
		return l.refuse(v)
	}
	m.mu.Lock()
	switch {
	case (m.open || m.shared) && !l.shut: // nothing is stored then: Await has taken it
		due := l.accept(v)
		if due && m.open {
			m.call()
			return true
		}
		m.pending = m.pending || due
		m.mu.Unlock()
		return true
	case l.stored-l.freed < l.capacity:
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
	l.ahead.Grow(l.lentEnd, l.stored)
	*l.ahead.At(l.stored) = v
	l.stored++
}

// settle takes the next item or the end of upstream. It reports whether that makes
// something due. The caller holds the Meet's lock.
func (l *Lane[T]) settle() (due bool) {
	switch {
	case l.taken != l.stored:
		return l.accept(l.borrow())
	case l.offered.Load():
		return l.accept(l.takeOffer())
	case l.ended && !l.told:
		l.tell()
		return true
	}
	return false
}

// tell lets the subscriber know the end of upstream.
func (l *Lane[T]) tell() {
	l.told = true
	l.m.live--
}

// settleLent is settle for a borrowed item, without the lock. more reports whether
// there is another one.
func (l *Lane[T]) settleLent() (due, more bool) {
	if l.taken == l.lentEnd { // settle has taken the rest
		l.lends = false
		return false, false
	}
	v := l.takeLent()
	l.lends = l.taken != l.lentEnd
	return l.accept(v), l.lends
}

// borrow borrows all stored items, unless some are left, and takes the first one. The
// caller holds the Meet's lock.
func (l *Lane[T]) borrow() (v T) {
	if l.taken == l.lentEnd { // all: a lock for each item costs more than the rest
		l.lent, l.ahead, l.lentEnd = l.ahead, l.lent, l.stored
	}
	v = l.take()
	if l.taken != l.lentEnd && !l.lends {
		l.lends = true
		l.m.lending = append(l.m.lending, &l.laneLink)
	}
	l.makeRoom()
	return v
}

// takeLent takes a borrowed item, without the lock.
func (l *Lane[T]) takeLent() (v T) {
	v = l.take()
	if l.taken-l.freed > l.capacity/2 { // not for each item: this locks, and may wake upstream
		l.m.mu.Lock()
		l.makeRoom()
		l.m.mu.Unlock()
	}
	return v
}

func (l *Lane[T]) take() (v T) {
	v = l.lent.Take(l.taken)
	l.taken++
	return v
}

// makeRoom frees the places of the items that were taken. The caller holds the Meet's
// lock.
func (l *Lane[T]) makeRoom() {
	l.freed = l.taken
	if l.offered.Load() {
		l.store(l.takeOffer())
	}
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
	items = l.taken != l.stored || l.offered.Load()
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
		for ; l.taken != l.stored; l.taken++ {
			from := &l.lent
			if l.taken >= l.lentEnd {
				from = &l.ahead
			}
			left = append(left, from.Take(l.taken))
		}
	}
	if left = append(left, l.refused.Take()...); len(left) == 0 {
		return nil
	}
	return fault.Join(l.hooks.At(l.m.Stage()).Discard(left...))
}
