package feed

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes/internal/alarm"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Meet is where the upstreams of an operator, each on its own goroutine, meet the
// subscriber. Each upstream has a Lane.
//
// While the subscriber waits in Await and nothing is due, an upstream puts its item
// into the operator's state itself: it calls the lane's accept under the lock.
// Otherwise its emit waits for the subscriber, as with an unbuffered channel. So no
// item is accepted while downstream is busy, and the subscriber is woken only when
// the operator has something to emit: once for a batch, once for a pair.
//
// Outside Await, the state belongs to the subscriber, which needs no lock for it.
type Meet struct {
	*scope.Scope
	due   atomic.Bool   // the subscriber must come; changed under mu
	ready chan struct{} // cap 1: wakes the parked subscriber

	mu      sync.Mutex // guards the fields below, and the operator's state while open is true
	open    bool       // the subscriber waits, and nothing is due
	parked  bool       // the subscriber waits on ready
	shared  bool       // see Share
	pending bool       // something has become due while the subscriber was busy
	failure error      // of the first lane that failed in order
	queue   laneQueue  // lanes that Await must look at

	// These belong to the subscriber.
	reopened []*laneLink // lanes whose doors were opened since the queue was looked at
	lending  []*laneLink // lanes of which items are borrowed
	turn     int         // index in lending
	live     int         // lanes of which Ended is false; changed as the operator's state is
	lanes    []accounter
	waited   bool // see Waited
}

// patience is how often a goroutine that waits yields before it parks. To park and to
// be woken costs about as much as ten yields. A goroutine on the other side that runs
// is usually there after one or two.
const patience = 4

// lingerYields is how often the subscriber yields before it stops waiting for an
// upstream after another one has failed in order.
const lingerYields = 1000

// OpenMeet opens a Meet without an upstream. The caller must defer Close, which
// accounts for the items that were refused or read ahead.
func OpenMeet(ctx context.Context, name string) *Meet { return NewMeet(scope.Open(ctx, name)) }

// NewMeet is OpenMeet on a Scope that is already open.
func NewMeet(s *scope.Scope) *Meet {
	m := &Meet{Scope: s, ready: make(chan struct{}, 1)}
	m.After(m.account)
	return m
}

// Share lets upstreams put items into the state also while the subscriber is busy, if
// the door is open. The subscriber then needs Lock for the state. Share is called
// before the first upstream is started.
func (m *Meet) Share() { m.shared = true }

// Lock locks the state of a Meet that is shared.
func (m *Meet) Lock() { m.mu.Lock() }

// Unlock undoes Lock.
func (m *Meet) Unlock() { m.mu.Unlock() }

// Why is the reason why Await has returned.
type Why int

// The reasons.
const (
	Due  Why = iota // an upstream has made something due, or has ended
	Rang            // the clock has; perhaps too early
	Over            // the stream is over: ctx is done, or an upstream has failed
)

// Await waits until something is due. clock may be nil. accept may set it: while the
// subscriber waits, the lock also guards the clock.
//
// If an upstream has failed in order, Await waits only as long as another upstream
// that runs needs to emit an item, and then returns Over.
func (m *Meet) Await(clock *alarm.Alarm) Why {
	if why, parks := m.glance(); !parks {
		return why
	}
	return m.park(clock, false)
}

// Waited reports whether the last Await has found nothing due at first.
func (m *Meet) Waited() bool { return m.waited }

// glance is Await without the parking. parks reports that the subscriber must park.
func (m *Meet) glance() (why Why, parks bool) {
	m.waited = false
	if m.Ctx.Err() != nil {
		return Over, false
	}
	if m.settleLent() {
		return Due, false
	}
	m.mu.Lock()
	if m.pending || m.settle() {
		m.pending = false
		m.mu.Unlock()
		return Due, false
	}
	m.waited = true
	m.open = true
	m.due.Store(false)
	yields, broken := patience, m.failure != nil
	m.mu.Unlock()
	m.Settle()
	if broken {
		yields = lingerYields
	}
	for range yields {
		runtime.Gosched()
		if m.due.Load() { // read without the lock, which the upstreams need
			return Due, false
		}
	}
	if broken {
		return m.park(nil, true), false
	}
	return Due, true
}

// park waits on channels. broken makes it return instead.
func (m *Meet) park(clock *alarm.Alarm, broken bool) (why Why) {
	m.mu.Lock()
	if m.due.Load() || broken {
		why = Due
		if m.open {
			m.open, why = false, Over
		}
		m.mu.Unlock()
		return why
	}
	m.parked = true
	m.mu.Unlock()
	var rings <-chan time.Time
	if clock != nil {
		rings = clock.C
	}
	select {
	case <-m.ready:
		return Due
	case <-rings:
		why = Rang
	case <-m.Ctx.Done():
		why = Over
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open = false
	if why == Rang {
		clock.Heard()
	}
	if !m.parked { // called meanwhile
		<-m.ready
		return Due
	}
	m.parked = false
	return why
}

// Poll is Await without the wait: it reports whether something is due. over reports
// whether the stream is over.
func (m *Meet) Poll() (due, over bool) {
	if m.Ctx.Err() != nil {
		return false, true
	}
	if m.settleLent() {
		return true, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.settle(), false
}

// Live is the number of lanes that have not ended. It is called outside Await.
func (m *Meet) Live() int { return m.live }

// Failure is the first failure of a lane that fails in order, or nil.
func (m *Meet) Failure() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failure
}

// call makes the subscriber come. It unlocks.
func (m *Meet) call() {
	m.open = false
	wake := m.parked
	m.parked = false
	m.due.Store(true)
	m.mu.Unlock()
	if wake {
		m.ready <- struct{}{}
	}
}

// account discards what the lanes still have. It runs after everything is reaped.
func (m *Meet) account() (err error) {
	for _, l := range m.lanes {
		if e := l.account(); err == nil {
			err = e
		}
	}
	return err
}

type accounter interface{ account() error }
