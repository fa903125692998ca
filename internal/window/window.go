// Package window is the engine under Parallel: a rolling window of tasks.
//
// At most N tasks run, and at most N+Ahead items are held: pulled from upstream
// and not yet taken by the subscriber. A finished result is offered to the
// subscriber at once.
//
// The state is behind one mutex, which is held for a few assignments and never
// across a wait, a send or user code; the feeder, which runs upstream, and the
// subscriber pass it by while nobody waits for them. What is expensive is not the
// lock (5 ns) but waking an idle core (some 12 µs), so need wakes one worker at a
// time, and a worker that has no job polls a little before it parks; and switching
// goroutines (some 150 ns each, more where two cores share no cache), so the
// feeder is woken when half of the jobs are gone, and results of short tasks are
// delivered a few at a time.
package window

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
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
	failed  bool        // no result: the subscriber passes it over
	skipped *skipped[T] // the input to discard, under SkipErrors
}

// skipped is the input of a task that has failed with err.
type skipped[T any] struct {
	v   T
	err error
}

// victim is the input of a task that was cancelled, and why.
type victim[T any] struct {
	v     T
	cause error
}

// engine is one run. The counters never decrease:
//
//	claimed ≤ runnable ≤ pulled ≤ taken + limit
//	taken ≤ ready ≤ ended ≤ claimed
//
// The feeder and the subscriber do without the lock as long as nobody waits:
// one stores jobs and then runnable, the other takes results and then stores
// taken. So only workers contend for it.
type engine[T any, K comparable, R any] struct {
	*Config[T, K, R]
	Scope   *scope.Scope
	limit   uint64
	low     uint64                  // so few unclaimed jobs make the subscriber wake the feeder
	inner   context.Context         //nolint:containedctx // the tasks'; a field so that workers share it
	upper   context.Context         //nolint:containedctx // upstream's
	refuse  context.CancelCauseFunc // ends upper; nil under FailFast, where it ends with the Scope
	items   run.Account[T]
	result  run.Account[R]
	refused run.Refused[T]
	keying  run.Work[T] // Key runs; of upstream's goroutine

	wch, sch, fch chan struct{} // where workers, subscriber and feeder park

	_         [line]byte
	runnable  atomic.Uint64 // of pulled, not waiting for their key; where there are no keys, they are the same
	seen      uint64        // the feeder's last look at taken,
	spare     uint64        // and at claimed
	_         [line]byte
	taken     atomic.Uint64 // of ready, taken by the subscriber
	at, end   uint64        // what it has borrowed; end is changed under the lock
	borrowed  ring.Ring[slot[T, R]]
	_         [line]byte
	attention atomic.Bool // a worker may have to be called: the feeder must look, under the lock
	fWait     atomic.Bool // feeder parked; who sets it to false sends
	refusing  atomic.Bool // halted or draining
	halted    atomic.Bool // all is over
	_         [line]byte

	mu      sync.Mutex // guards all below
	jobs    ring.Ring[job[T, K]]
	keys    keys[T, K]
	slots   ring.Ring[slot[T, R]]
	pulled  uint64 // taken from upstream, where there are keys
	claimed uint64 // of runnable, given to a worker
	ended   uint64 // of these, ended
	cutOff  uint64 // of these, failed under a ctx that has ended, or failed first
	ready   uint64 // of these, next in line for the subscriber
	crew
	sWait    bool    // subscriber parked
	closed   bool    // upstream has ended
	draining bool    // no job is begun any more
	errs     []error // of tasks and upstream, but under FailFast
	victims  []victim[T]
}

// line is the size of a cache line, two of which are fetched at a time.
const line = 128

var errDraining = errors.New("turbopipes: draining")

// Run runs up, and the task over its items, to the end.
func Run[T any, K comparable, R any](ctx context.Context, c *Config[T, K, R], up feed.Push[T], emit func(R) bool) (err error) {
	e := &engine[T, K, R]{Config: c, Scope: scope.Open(ctx, c.Name), limit: uint64(c.N) + uint64(c.Ahead)}
	e.low = e.limit / 2
	e.attend()
	e.wch, e.sch, e.fch = make(chan struct{}, c.N), make(chan struct{}, 1), make(chan struct{}, 1)
	e.items, e.result = run.Keep[T](e.Scope.Stage(), c.Discard), run.Keep[R](e.Scope.Stage(), c.Discard)
	e.inner, e.upper = run.Shield(e.Scope.Labelled()), e.Scope.Labelled()
	if c.Policy != FailFast {
		e.upper, e.refuse = context.WithCancelCause(e.Scope.Labelled())
		defer e.refuse(nil)
	}
	removeGauge := e.Scope.Record().Gauge(e.running)
	release := scope.OnDone(e.Scope.Ctx, e.halt)
	defer func() { // also when emit panics
		e.halt()
		e.Scope.Close(&err)
		release()
		removeGauge()
		err = fault.Join(err, fault.Join(e.errs...), e.discard())
	}()
	e.Scope.Upstream(func(ctx context.Context) error { return up(e.upstream(ctx), e.keying.On(e.accept)) }, e.upstreamEnded)
	e.Scope.Settle()
	for {
		r, ok, lost := e.next()
		if lost != nil {
			if err := e.items.DiscardFor(lost.err, lost.v); err != nil {
				return err
			}
			continue
		}
		if !ok || !emit(r) {
			return nil
		}
	}
}

// upstream returns the ctx for upstream, made of that of its goroutine.
func (e *engine[T, K, R]) upstream(ctx context.Context) context.Context {
	if e.refuse == nil {
		return ctx
	}
	return e.Scope.Record().Moved(e.upper, ctx)
}

// running is the number of tasks that run now.
func (e *engine[T, K, R]) running() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return int64(e.claimed - e.ended - e.cutOff) //nolint:gosec // at most N
}

// stop sets what ends something, and wakes everyone who is parked.
func (e *engine[T, K, R]) stop(set func()) {
	e.mu.Lock()
	set()
	idle, s := e.idle, e.sWait
	e.idle, e.sWait = 0, false
	e.attend()
	e.mu.Unlock()
	for ; idle > 0; idle-- {
		e.wch <- struct{}{}
	}
	if s {
		e.sch <- struct{}{}
	}
	if e.fWait.Swap(false) {
		e.fch <- struct{}{}
	}
}

// halt is the end of all, close that of upstream.
func (e *engine[T, K, R]) halt() {
	e.stop(func() { e.refusing.Store(true); e.halted.Store(true) })
}
func (e *engine[T, K, R]) close() { e.stop(func() { e.closed = true }) }

// upstreamEnded is told how upstream has ended, at the foot of its goroutine.
// But under FailFast its error is told behind the results of what it has given.
func (e *engine[T, K, R]) upstreamEnded(err error) {
	e.keying.Failed(e.upper)
	switch err = fault.Strip(e.upper, err); {
	case err == nil:
	case e.Policy == FailFast || e.Scope.Ctx.Err() != nil:
		e.fail(err)
	default:
		e.mu.Lock()
		e.errs = append(e.errs, err)
		e.mu.Unlock()
	}
	e.close()
}

// fail is the end of all.
func (e *engine[T, K, R]) fail(err error) {
	e.Scope.Fail(err)
	e.halt() // now, and not only when the hook on ctx gets to run
}

// drain lets the running tasks finish, and ends with err.
func (e *engine[T, K, R]) drain(err error) {
	e.stop(func() {
		e.errs = append(e.errs, err)
		e.refusing.Store(true)
		e.draining = true
	})
	e.refuse(errDraining)
}

// over tells whether no task runs, and none will.
func (e *engine[T, K, R]) over() bool {
	if e.ended < e.claimed || !e.draining && !(e.closed && e.claimed == e.held()) {
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
	for at, held := e.ready, e.held(); at < held; at++ {
		if s := e.slots.At(at); s.ended {
			for ; e.ready < at; e.ready++ {
				*e.slots.At(e.ready) = slot[T, R]{ended: true, failed: true}
			}
			e.ready++
		}
	}
}

// discard accounts for what was pulled and neither delivered nor failed: results,
// items that were not begun, and those whose task was cancelled.
func (e *engine[T, K, R]) discard() (err error) {
	end := e.ready
	if e.Ordered {
		end = e.held()
	}
	lose := func(es ...error) {
		for _, one := range es {
			if err == nil {
				err = one
			}
		}
	}
	for ; e.at < end; e.at++ {
		from := &e.slots
		if e.at < e.end {
			from = &e.borrowed
		}
		switch s := from.Take(e.at); {
		case s.skipped != nil:
			lose(e.items.DiscardFor(s.skipped.err, s.skipped.v))
		case s.ended && !s.failed:
			lose(e.result.Discard(s.r))
		}
	}
	for ; e.claimed < e.runnable.Load(); e.claimed++ {
		lose(e.items.Discard(e.jobs.Take(e.claimed).v))
	}
	for _, j := range e.keys.waiting() {
		lose(e.items.Discard(j.v))
	}
	lose(e.items.Discard(e.refused.Take()...))
	for _, v := range e.victims {
		lose(e.items.Cancel(v.cause, v.v))
	}
	return err
}
