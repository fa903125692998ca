// Package window is the engine of Parallel: a rolling window of tasks.
//
// At most N tasks run at the same time, and at most N+Ahead items are in the window:
// taken from upstream, and not yet taken by the subscriber. A finished result is
// offered to the subscriber at once.
//
// Three parties work on the window. The feeder is the goroutine that runs upstream,
// the crew is at most N workers, and the subscriber is the goroutine that called
// Run. An item passes these states, and each counter counts the items that have
// passed its arrow:
//
//	          feeder                worker               worker                subscriber
//	upstream ───────► waiting job ─────────► running ──────────► finished result ─────────► gone
//	         runnable              claimed            ended, ready              taken
//
//	with a key:  pulled ► waits in keys while an equal key runs ► runnable
//	refused:     the feeder gets no place in the window any more
//	withoutSlot: the task failed under FailFast, or its ctx was cancelled
//
// A result that is out of order waits between ended and ready. The run itself goes
// from left to right only:
//
//	running ──► closed    upstream has ended; the remaining jobs run
//	   │          │
//	   ├──────────┴────► draining    a policy ends the run: running tasks finish, no job begins
//	   │                     │
//	   └─────────────────────┴────► halted    the run is over: ctx, FailFast, downstream, or the end
//
// One mutex guards the state. It is held for a few assignments and never across a
// wait, a send or user code. The feeder and the subscriber don't take it while
// nobody waits for them. The lock is cheap (5 ns). Two other things are expensive.
// Waking an idle core costs about 12 µs, so needWorker wakes one worker at a time,
// and a worker without a job polls a little before it parks. Switching goroutines
// costs about 150 ns each time, and more where two cores share no cache. So the
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

// Policy is the effect of a task's failure.
type Policy int

// The policies, in the order of operators.Policy.
const (
	FailFast       Policy = iota // cancel the other tasks, discard undelivered results
	FinishInFlight               // pull no more items, deliver the results of running tasks, then fail
	CollectErrors                // go on to the end, then fail
	SkipErrors                   // discard the item, go on
)

// Config is the configuration of a run.
type Config[T any, K comparable, R any] struct {
	Name      string
	N, Ahead  int
	Ordered   bool
	Policy    Policy
	MaxErrors int                                       // CollectErrors ends the run at this many errors; 0: no limit
	Key       func(T) K                                 // nil: all items may run at the same time
	Task      func(ctx context.Context, v T) (R, error) // runs on one of at most N goroutines
	Discard   func(item any)                            // may be nil
}

// job is an item that waits for a worker.
type job[T any] struct {
	seq  uint64
	line int // of its key; 0: it waits for no other job
	item T
}

// slot is the outcome of a job.
type slot[T, R any] struct {
	result  R
	ended   bool
	failed  bool        // there is no result: the subscriber skips this slot
	skipped *skipped[T] // the input to discard, under SkipErrors
}

// skipped is the input of a task that has failed with err.
type skipped[T any] struct {
	item T
	err  error
}

// victim is the input of a task that was cancelled, and the cause.
type victim[T any] struct {
	item  T
	cause error
}

// engine is one run. The counters never decrease:
//
//	claimed ≤ runnable ≤ pulled ≤ taken + limit
//	taken ≤ ready ≤ ended ≤ claimed
//
// The feeder and the subscriber need no lock as long as nobody waits: the feeder
// stores a job and then runnable; the subscriber takes a result and then stores
// taken. So only workers contend for the lock.
type engine[T any, K comparable, R any] struct {
	*Config[T, K, R]
	Scope       scope.Scope
	hook        scope.Hook // on the end of the run's ctx
	gauge       run.Gauge
	up          feed.Push[T]
	limit       uint64
	refillBelow uint64                  // with this many unclaimed jobs or fewer, the subscriber wakes the feeder
	inner       context.Context         //nolint:containedctx // of the tasks; a field so that workers share it
	upper       context.Context         //nolint:containedctx // of upstream
	refuse      context.CancelCauseFunc // ends upper; nil under FailFast, where upper ends with the Scope
	items       run.Ledger[T]
	results     run.Ledger[R]
	refused     run.Refused[T]
	keying      run.Work[T] // set while Key runs; only upstream's goroutine uses it

	wakeWorkers, wakeSubscriber sync.Cond     // where workers and subscriber park; with mu
	wakeFeeder                  chan struct{} // where the feeder parks, which has no lock; made by the feeder

	_                     [cacheLine]byte
	runnable              atomic.Uint64 // pulled jobs that do not wait for a key; without keys, all pulled items
	seenTaken             uint64        // the last value of taken that the feeder has read,
	seenClaimed           uint64        // and of claimed
	_                     [cacheLine]byte
	taken                 atomic.Uint64 // ready results that the subscriber has taken
	position, borrowedEnd uint64        // the borrowed results are those in between; borrowedEnd is changed under the lock
	borrowed              ring.Ring[slot[T, R]]
	_                     [cacheLine]byte
	attention             atomic.Bool // a worker may have to be called: the feeder must look, under the lock
	feederParked          atomic.Bool // whoever sets it to false must send
	refusing              atomic.Bool // halted or draining
	halted                atomic.Bool // the run is over
	_                     [cacheLine]byte

	mu          sync.Mutex // guards all fields below
	jobs        ring.Ring[job[T]]
	keys        keys[T, K]
	slots       ring.Ring[slot[T, R]]
	pulled      uint64 // items taken from upstream; only used with keys
	claimed     uint64 // of the runnable jobs, those given to a worker
	ended       uint64 // of these, those that have ended
	withoutSlot uint64 // of the claimed jobs, those that failed under FailFast or were cancelled
	ready       uint64 // of the ended jobs, those that are next in line for the subscriber
	crew
	subscriberParked bool    // the subscriber waits on wakeSubscriber
	closed           bool    // upstream has ended
	draining         bool    // no job begins any more
	errs             []error // of tasks and upstream, except under FailFast
	victims          []victim[T]
}

// cacheLine is twice the size of a cache line: processors fetch two at a time.
const cacheLine = 128

var errDraining = errors.New("turbopipes: draining")

// Run runs up, and the task over its items, to the end.
func Run[T any, K comparable, R any](ctx context.Context, c *Config[T, K, R], up feed.Push[T], emit func(R) bool) (err error) {
	e := &engine[T, K, R]{Config: c, up: up, limit: uint64(c.N) + uint64(c.Ahead)}
	e.Scope.Open(ctx, c.Name)
	e.refillBelow = e.limit / 2
	e.attend()
	e.wakeWorkers.L, e.wakeSubscriber.L = &e.mu, &e.mu
	e.items = run.Ledger[T]{Stage: e.Scope.Stage(), Each: c.Discard}
	e.results = run.Ledger[R]{Stage: e.items.Stage, Each: c.Discard}
	e.inner, e.upper = run.Shield(e.Scope.Labelled()), e.Scope.Labelled()
	if c.Policy != FailFast {
		e.upper, e.refuse = context.WithCancelCause(e.Scope.Labelled())
		defer e.refuse(nil)
	}
	e.gauge.Add(e.Scope.Record(), e)
	e.hook.On(ctx, e) // not on the Scope's ctx: what ends the Scope alone also calls halt
	defer func() {    // also when emit panics
		e.halt()
		e.Scope.Close(&err)
		e.hook.Release()
		e.gauge.Remove()
		err = fault.Join(err, fault.Join(e.errs...), e.discard())
	}()
	e.Scope.StartUpstream(feeder[T, K, R]{e})
	e.Scope.Settle()
	for {
		r, ok, lost := e.next()
		if lost != nil {
			if err := e.items.DiscardFor(lost.err, lost.item); err != nil {
				return err
			}
			continue
		}
		if !ok || !emit(r) {
			return nil
		}
	}
}

// upstream returns the ctx for upstream. ctx is that of upstream's goroutine.
func (e *engine[T, K, R]) upstream(ctx context.Context) context.Context {
	if e.refuse == nil {
		return ctx
	}
	return e.Scope.Record().Moved(e.upper, ctx)
}

// CtxEnded is called when the ctx of the run has ended.
func (e *engine[T, K, R]) CtxEnded() { e.halt() }

// Running is the number of tasks that run now.
func (e *engine[T, K, R]) Running() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return int64(e.claimed - e.ended - e.withoutSlot) //nolint:gosec // at most N
}

// stop calls set, which ends something, and wakes all goroutines that are parked.
func (e *engine[T, K, R]) stop(set func()) {
	e.mu.Lock()
	set()
	idle, subscriberWaits := e.idle, e.subscriberParked
	e.idle, e.subscriberParked = 0, false
	e.attend()
	e.mu.Unlock()
	for ; idle > 0; idle-- {
		e.wakeWorkers.Signal()
	}
	if subscriberWaits {
		e.wakeSubscriber.Signal()
	}
	if e.feederParked.Swap(false) {
		e.wakeFeeder <- struct{}{}
	}
}

// halt ends the run.
func (e *engine[T, K, R]) halt() {
	e.stop(func() { e.refusing.Store(true); e.halted.Store(true) })
}

// close notes the end of upstream.
func (e *engine[T, K, R]) close() { e.stop(func() { e.closed = true }) }

// upstreamEnded handles the end of upstream, as its goroutine ends. Except under
// FailFast, an upstream error is reported after every item before it has been
// processed and delivered.
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

// fail ends the run with err.
func (e *engine[T, K, R]) fail(err error) {
	e.Scope.Fail(err)
	e.halt() // now, and not only when the hook on ctx runs
}

// drain lets the running tasks finish, and ends the run with err.
func (e *engine[T, K, R]) drain(err error) {
	e.stop(func() {
		e.errs = append(e.errs, err)
		e.refusing.Store(true)
		e.draining = true
	})
	e.refuse(errDraining)
}

// over reports whether no task runs, and none will. The caller holds mu.
func (e *engine[T, K, R]) over() bool {
	if e.ended < e.claimed || !e.draining && !(e.closed && e.claimed == e.held()) {
		return false
	}
	if e.draining && e.Ordered {
		e.passUnbegun()
	}
	return true
}

// passUnbegun delivers finished results after items that will not begin. With
// ordered keys, such items can stand before them.
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

// discard accounts for the items that were pulled and neither delivered nor failed:
// results, items that were not begun, and inputs of cancelled tasks.
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
	for ; e.position < end; e.position++ {
		from := &e.slots
		if e.position < e.borrowedEnd {
			from = &e.borrowed
		}
		switch s := from.Take(e.position); {
		case s.skipped != nil:
			lose(e.items.DiscardFor(s.skipped.err, s.skipped.item))
		case s.ended && !s.failed:
			lose(e.results.Discard(s.result))
		}
	}
	for ; e.claimed < e.runnable.Load(); e.claimed++ {
		lose(e.items.Discard(e.jobs.Take(e.claimed).item))
	}
	for _, j := range e.keys.waiting() {
		lose(e.items.Discard(j.item))
	}
	lose(e.items.Discard(e.refused.Take()...))
	for _, v := range e.victims {
		lose(e.items.Cancel(v.cause, v.item))
	}
	return err
}
