// Package window is the engine under Parallel: a rolling window of tasks.
//
// At most N tasks run, and at most N+Ahead items are held: pulled from upstream
// and not yet taken by the subscriber. A finished result is offered to the
// subscriber at once.
//
// Everything is behind one mutex, which is held for a few assignments and never
// across a wait, a send or user code. What is expensive is not the lock (5 ns)
// but waking an idle core (some 12 µs), so need wakes one worker at a time, and
// a worker that has no job polls a little before it parks.
package window

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/ring"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Policy is what the failure of a task does.
type Policy int

// The policies, in the order of operators.Policy.
const (
	FailFast       Policy = iota // cancel the others, discard what was not delivered
	FinishInFlight               // pull no more, deliver what runs, then fail
	CollectErrors                // go on to the end, then fail
	SkipErrors                   // discard the item, go on
)

// Config is what to run.
type Config[T any, K comparable, R any] struct {
	Name      string
	N, Ahead  int
	Ordered   bool
	Policy    Policy
	MaxErrors int                                       // CollectErrors ends at that many; 0: no limit
	Key       func(T) K                                 // nil: all items may run at once
	Task      func(ctx context.Context, v T) (R, error) // on one of at most N goroutines
	Discard   func(item any)                            // may be nil
}

// job is an item that waits for a worker.
type job[T any, K comparable] struct {
	seq uint64
	v   T
	k   K
}

// slot is what became of a job.
type slot[T, R any] struct {
	r       R
	ended   bool
	failed  bool // no result: the subscriber passes it over
	skipped *T   // the input to discard, under SkipErrors
}

// engine is one run. The counters never decrease:
//
//	claimed ≤ runnable ≤ pulled ≤ taken + limit
//	taken ≤ ready ≤ ended ≤ claimed
type engine[T any, K comparable, R any] struct {
	*Config[T, K, R]
	*scope.Scope
	limit  uint64
	inner  context.Context         //nolint:containedctx // the tasks'; a field so that workers share it
	upper  context.Context         //nolint:containedctx // upstream's
	refuse context.CancelCauseFunc // ends upper; nil under FailFast, where it ends with the Scope

	wch, sch, fch chan struct{} // where workers, subscriber and feeder park

	mu       sync.Mutex // guards all below
	jobs     ring.Ring[job[T, K]]
	keys     keys[T, K]
	slots    ring.Ring[slot[T, R]]
	pulled   uint64 // taken from upstream
	runnable uint64 // of these, not waiting for their key
	claimed  uint64 // of these, given to a worker
	ended    uint64 // of these, ended
	cutOff   uint64 // of these, failed under a ctx that has ended, or failed first
	ready    uint64 // of these, next in line for the subscriber
	taken    uint64 // of these, taken by it
	crew
	sWait, fWait bool // subscriber, feeder parked
	closed       bool // upstream has ended
	draining     bool // no job is begun any more
	halted       bool // all is over
	cost         time.Duration
	errs         []error // of tasks and upstream, but under FailFast
}

var errDraining = errors.New("turbopipes: draining")

// Run runs up, and the task over its items, to the end.
func Run[T any, K comparable, R any](ctx context.Context, c *Config[T, K, R], up feed.Push[T], emit func(R) bool) (err error) {
	e := &engine[T, K, R]{Config: c, Scope: scope.Open(ctx, c.Name), limit: uint64(c.N) + uint64(c.Ahead)}
	e.wch, e.sch, e.fch = make(chan struct{}, c.N), make(chan struct{}, 1), make(chan struct{}, 1)
	e.inner, e.upper = run.Shield(e.Labelled()), e.Labelled()
	if c.Policy != FailFast {
		e.upper, e.refuse = context.WithCancelCause(e.Labelled())
		defer e.refuse(nil)
	}
	removeGauge := e.Record().Gauge(e.running)
	release := scope.OnDone(e.Ctx, func() { e.stop(&e.halted) })
	defer func() { // also when emit panics
		e.stop(&e.halted)
		e.Close(&err)
		release()
		removeGauge()
		err = fault.Join(err, fault.Join(e.errs...), e.discard())
	}()
	e.Scope.Run(func(context.Context) error { return up(e.upper, e.accept) }, e.upstreamEnded)
	for {
		r, ok, lost := e.next()
		if lost != nil {
			if err := run.Lost(e.Record(), opt.Of[T](c.Discard), *lost); err != nil {
				return err
			}
			continue
		}
		if !ok || !emit(r) {
			return nil
		}
	}
}

// running is the number of tasks that run now.
func (e *engine[T, K, R]) running() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return int64(e.claimed - e.ended - e.cutOff) //nolint:gosec // at most N
}

// stop sets closed, draining or halted, and wakes everyone who is parked.
func (e *engine[T, K, R]) stop(flag *bool) {
	e.mu.Lock()
	*flag = true
	idle, s, f := e.idle, e.sWait, e.fWait
	e.idle, e.sWait, e.fWait = 0, false, false
	e.mu.Unlock()
	for ; idle > 0; idle-- {
		e.wch <- struct{}{}
	}
	if s {
		e.sch <- struct{}{}
	}
	if f {
		e.fch <- struct{}{}
	}
}

// accept is the emit that upstream sees: it waits for a place in the window.
func (e *engine[T, K, R]) accept(v T) bool {
	j := job[T, K]{v: v}
	if e.Key != nil {
		j.k = e.Key(v)
		_ = map[K]struct{}(nil)[j.k] // a key that can't be hashed panics here, and not under the lock
	}
	e.mu.Lock()
	for e.pulled-e.taken >= e.limit && !e.halted && !e.draining {
		e.fWait = true
		e.mu.Unlock()
		<-e.fch
		e.mu.Lock()
	}
	if e.halted || e.draining {
		e.mu.Unlock()
		return false // it was never in
	}
	j.seq = e.pulled
	if e.Ordered {
		e.slots.Grow(e.taken, e.pulled)
	}
	e.pulled++
	if e.Key == nil || e.keys.begin(j) {
		e.enqueue(j)
	}
	call := e.need(e.runnable-e.claimed, e.N, e.cost)
	e.mu.Unlock()
	e.dispatch(call)
	return true
}

// enqueue makes j one that a worker can claim.
func (e *engine[T, K, R]) enqueue(j job[T, K]) {
	e.jobs.Grow(e.claimed, e.runnable)
	*e.jobs.At(e.runnable) = j
	e.runnable++
}

// upstreamEnded is told how upstream has ended, at the foot of its goroutine.
// But under FailFast its error is told behind the results of what it has given.
func (e *engine[T, K, R]) upstreamEnded(err error) {
	switch err = fault.Strip(e.upper, err); {
	case err == nil:
	case e.Policy == FailFast || e.Ctx.Err() != nil:
		e.fail(err)
	default:
		e.mu.Lock()
		e.errs = append(e.errs, err)
		e.mu.Unlock()
	}
	e.stop(&e.closed)
}

// fail is the end of all.
func (e *engine[T, K, R]) fail(err error) {
	e.Fail(err)
	e.stop(&e.halted) // now, and not only when the hook on ctx gets to run
}

// drain lets the running tasks finish, and ends with err.
func (e *engine[T, K, R]) drain(err error) {
	e.mu.Lock()
	e.errs = append(e.errs, err)
	e.mu.Unlock()
	e.stop(&e.draining)
	e.refuse(errDraining)
}

// next waits for the next result and takes it. It is the subscriber's side; ok
// is false at the end. lost is an item to discard instead.
func (e *engine[T, K, R]) next() (r R, ok bool, lost *T) {
	e.mu.Lock()
	for {
		for e.waits() {
			e.sWait = true
			e.mu.Unlock()
			<-e.sch
			e.mu.Lock()
		}
		if e.halted || e.taken == e.ready {
			e.mu.Unlock()
			return r, false, nil
		}
		s := e.slots.Take(e.taken)
		e.taken++ // the place is free the moment the subscriber has the item
		wake := e.fWait
		e.fWait = false
		if s.failed && s.skipped == nil && !wake {
			continue
		}
		e.mu.Unlock()
		if wake {
			e.fch <- struct{}{}
		}
		if !s.failed || s.skipped != nil {
			return s.r, true, s.skipped
		}
		e.mu.Lock()
	}
}

// waits tells whether there is nothing to take yet.
func (e *engine[T, K, R]) waits() bool {
	return !e.halted && !e.over() && e.taken == e.ready
}

// over tells whether no task runs, and none will.
func (e *engine[T, K, R]) over() bool {
	if e.ended < e.claimed || !e.draining && !(e.closed && e.claimed == e.pulled) {
		return false
	}
	if e.draining && e.Ordered {
		e.passUnbegun()
	}
	return true
}

// passUnbegun lets what has ended out behind items that will not begin, which
// ordered keys can leave in front of it.
func (e *engine[T, K, R]) passUnbegun() {
	for at := e.ready; at < e.pulled; at++ {
		if s := e.slots.At(at); s.ended {
			for ; e.ready < at; e.ready++ {
				*e.slots.At(e.ready) = slot[T, R]{ended: true, failed: true}
			}
			e.ready++
		}
	}
}

// discard accounts for what was pulled and neither delivered nor failed:
// results, and items that were not begun.
func (e *engine[T, K, R]) discard() error {
	var left []any
	hook, n := e.Discard, 0
	keep := func(v any) {
		n++
		if hook != nil {
			left = append(left, v)
		}
	}
	end := e.ready
	if e.Ordered {
		end = e.pulled
	}
	for i := e.taken; i < end; i++ {
		switch s := e.slots.Take(i); {
		case s.skipped != nil:
			keep(*s.skipped)
		case s.ended && !s.failed:
			keep(s.r)
		}
	}
	for ; e.claimed < e.runnable; e.claimed++ {
		keep(e.jobs.Take(e.claimed).v)
	}
	for _, j := range e.keys.waiting() {
		keep(j.v)
	}
	if hook == nil {
		e.Record().Discard(int64(n))
		return nil
	}
	return run.Lost(e.Record(), hook, left...)
}
