package delivery

import (
	"context"
	"math/bits"
	"sync"
	"time"
)

// Tenure is one assignment of a partition. An event that has begun in a tenure is
// settled in that tenure. A later assignment of the same partition is another Tenure,
// so a late settlement can't move it.
type Tenure[K comparable, P any] struct {
	Key     K
	tracker *Tracker[K, P]
	ctx     context.Context //nolint:containedctx // the tenure is what ends it
	cancel  context.CancelCauseFunc
	room    chan struct{} // of capacity 1
	closed  chan struct{} // closed when no event may begin any more

	// The events are numbered from 0. Those before head are done, and those before
	// committed are committed: committed <= head <= tail. The ring has a slot for each
	// event from head on.
	mu        sync.Mutex
	ring      []slot[P] // its length is a power of two
	head      uint64
	tail      uint64
	committed uint64
	open      int
	last      P    // the position after the event before head
	full      bool // Begin has refused, and there is not half the room yet
	closing   bool
	over      bool
	idle      chan struct{} // of Drain: closed when nothing is open
}

type slot[P any] struct {
	next P
	at   time.Duration // since the tracker was born
	done bool
}

// Begin notes an event, before it is emitted. after is the position to commit when
// this event and all before it are done. ok is false if the event must not be emitted:
// full then says that the tail is as long as it may be, and else the tenure is ending.
func (p *Tenure[K, P]) Begin(after P) (token uint64, ok, full bool) {
	now := p.tracker.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closing:
		return 0, false, false
	case p.tail-p.committed >= uint64(p.tracker.bound): //nolint:gosec // it is positive
		p.full = true
		if p.due() {
			poke(p.tracker.due)
		}
		return 0, false, true
	}
	if p.tail-p.head == uint64(len(p.ring)) {
		p.grow()
	}
	token = p.tail
	*p.at(token) = slot[P]{next: after, at: now}
	p.tail++
	p.open++
	return token, true, false
}

// Wait is [Tenure.Begin] that waits for room. ok is false if the tenure is ending or if
// ctx has ended.
func (p *Tenure[K, P]) Wait(ctx context.Context, after P) (token uint64, ok bool) {
	for {
		token, ok, full := p.Begin(after)
		if !full {
			if ok {
				poke(p.room) // for another one that waits
			}
			return token, ok
		}
		select {
		case <-p.room:
		case <-p.closed:
		case <-ctx.Done():
			return 0, false
		}
	}
}

// Full reports whether Begin has refused an event, and there is not yet room for half
// of maxUncommitted.
func (p *Tenure[K, P]) Full() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.full
}

// Done settles an event. It does nothing for an event that is done, and it only counts
// the event as late once the tenure has ended.
func (p *Tenure[K, P]) Done(token uint64) {
	p.mu.Lock()
	if p.over {
		p.mu.Unlock()
		p.tracker.countLate(p.Key)
		return
	}
	if token < p.head || token >= p.tail || p.at(token).done {
		p.mu.Unlock()
		return
	}
	p.at(token).done = true
	p.open--
	from := p.head
	for p.head < p.tail && p.at(p.head).done {
		p.last = p.at(p.head).next
		*p.at(p.head) = slot[P]{} // a position may hold a message
		p.head++
	}
	p.quiet()
	moved := p.head > from
	due := moved && p.due()
	p.mu.Unlock()
	if moved {
		poke(p.tracker.moved)
	}
	if due {
		poke(p.tracker.due)
	}
}

// due reports whether a commit should not wait for its time: so much is ready that the
// Committer wants it, or it makes a good part of the room that a full tail lacks. The
// caller holds mu.
func (p *Tenure[K, P]) due() bool {
	ready := p.head - p.committed
	count := p.tracker.threshold.Load()
	switch {
	case ready == 0:
		return false
	case count > 0 && ready >= count:
		return true
	}
	return p.full && (p.open == 0 || ready >= uint64(p.tracker.bound)/8) //nolint:gosec // it is positive
}

// confirm notes that all before upTo is committed.
func (p *Tenure[K, P]) confirm(upTo uint64) {
	p.mu.Lock()
	p.committed = max(p.committed, upTo)
	resumed := p.full && 2*(p.tail-p.committed) <= uint64(p.tracker.bound) //nolint:gosec // it is positive
	if resumed {
		p.full = false
	}
	p.mu.Unlock()
	poke(p.room)
	if resumed {
		poke(p.tracker.room)
	}
}

// Drain refuses new events, and waits until all open ones are done, or until ctx has
// ended. It returns the cause then.
func (p *Tenure[K, P]) Drain(ctx context.Context) error {
	p.mu.Lock()
	p.close()
	if p.idle == nil && p.open > 0 && !p.over {
		p.idle = make(chan struct{})
	}
	idle := p.idle
	p.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// End ends the tenure: nothing in it counts any more, and its context ends.
func (p *Tenure[K, P]) End() {
	p.mu.Lock()
	p.close()
	p.over = true
	p.quiet()
	p.mu.Unlock()
	p.cancel(ErrRevoked)
	p.tracker.forget(p)
	poke(p.tracker.room)
}

// Context ends with [Tenure.End], with the cause [ErrRevoked].
func (p *Tenure[K, P]) Context() context.Context { return p.ctx }

// close refuses new events. The caller holds mu.
func (p *Tenure[K, P]) close() {
	if !p.closing {
		p.closing = true
		close(p.closed)
	}
}

// quiet wakes those that Drain. The caller holds mu.
func (p *Tenure[K, P]) quiet() {
	if p.idle != nil && (p.over || p.open == 0) {
		close(p.idle)
		p.idle = nil
	}
}

// at is the slot of an event. The caller holds mu.
func (p *Tenure[K, P]) at(token uint64) *slot[P] { return &p.ring[token&uint64(len(p.ring)-1)] }

// grow makes room for more slots. The caller holds mu.
func (p *Tenure[K, P]) grow() {
	old := p.ring
	n := max(16, 2*len(old))
	if n > p.tracker.bound { // no more than needed: the next power of two
		n = 1 << bits.Len(uint(max(16, p.tracker.bound)-1))
	}
	p.ring = make([]slot[P], n)
	for i := p.head; i < p.tail; i++ {
		*p.at(i) = old[i&uint64(len(old)-1)]
	}
}

func (p *Tenure[K, P]) stats(now time.Duration) TenureStats[K, P] {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := TenureStats[K, P]{
		Key: p.Key, Open: p.open,
		Span: int(p.tail - p.head), Uncommitted: int(p.tail - p.committed), //nolint:gosec // at most bound
	}
	if p.head < p.tail { // the head is never done
		s.Oldest, s.Age = p.at(p.head).next, now-p.at(p.head).at
	}
	return s
}
