package window

import (
	"context"
	"runtime"
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
)

const (
	shortTask     = 500 * time.Nanosecond // A task this long is worth a goroutine switch (60 to 120 ns).
	longTask      = 4 * shortTask         // Tasks this long are timed one by one: two clock readings cost 73 ns.
	batchDelay    = 9 * shortTask         // A result may wait this long for others, to share a switch with them.
	searchYields  = 16                    // A worker without a job yields this often before it parks.
	untimedMedium = 4                     // After a timed task that is not long, this many are not timed,
	untimedShort  = 32                    // and this many after a short one.
)

// crew is the bookkeeping of the workers. engine.mu guards it.
type crew struct {
	idle, spawned int
	coming        bool          // a woken or new worker has not claimed a job yet
	searching     bool          // a worker polls for jobs
	attending     bool          // the last value stored in attention
	cost          time.Duration // of a task, as sampled; only a hint
	batch         uint64        // this many undelivered results are worth a goroutine switch
}

// call is the reaction to a lack of workers.
type call int

const (
	nobody call = iota
	wake
	spawn
)

// decide chooses whether to call a worker when jobs jobs are unclaimed. At most one
// called worker is under way at a time, and it calls needWorker again after its
// claim. So n tasks really run at the same time, with only one wake-up in flight.
func (c *crew) decide(jobs uint64, n int) call {
	if c.searching && jobs > 0 {
		if jobs--; c.cost < shortTask {
			return nobody // the polling worker alone is faster than any wake-up
		}
	}
	switch {
	case jobs == 0 || c.coming:
		return nobody
	case c.idle > 0:
		c.idle--
		c.coming = true
		return wake
	case c.spawned < n:
		c.spawned++
		c.coming = true
		return spawn
	}
	return nobody
}

// attend updates attention, which tells the feeder whether to call needWorker.
func (e *engine[T, K, R]) attend() {
	may := !e.coming && (e.idle > 0 || e.spawned < e.N) && !(e.searching && e.cost < shortTask)
	if may != e.attending {
		e.attending = may
		e.attention.Store(may)
	}
}

// needWorker decides whether to call a worker for the unclaimed jobs, not counting
// except of them. The caller holds mu.
func (e *engine[T, K, R]) needWorker(except uint64) call {
	e.attend() // before runnable is read: the feeder stores runnable before it reads attention
	c := e.crew.decide(e.runnable.Load()-e.claimed-except, e.N)
	if c != nobody {
		e.attend()
	}
	return c
}

// dispatch does what needWorker has decided. The caller does not hold mu.
func (e *engine[T, K, R]) dispatch(c call) {
	switch c {
	case wake:
		e.wakeWorkers.Signal()
	case spawn:
		e.Scope.Start(&worker[T, K, R]{engine: e})
	}
}

// worker runs one task after another on its own goroutine.
type worker[T any, K comparable, R any] struct {
	engine  *engine[T, K, R]
	job     job[T]
	busy    bool // the task is running
	untimed int  // the next tasks that are not timed
}

// Run claims jobs and runs their tasks.
func (w *worker[T, K, R]) Run(context.Context) error {
	w.engine.mu.Lock()
	w.engine.coming = false
	for w.claim() {
		c := w.engine.needWorker(0)
		feed := w.engine.hungry()
		w.engine.mu.Unlock()
		w.engine.dispatch(c)
		if feed {
			w.engine.wakeFeeder <- struct{}{}
		}
		r, took, err := w.run()
		if err != nil {
			if !w.engine.taskFailed(w.job, err) {
				return nil
			}
			w.engine.mu.Lock()
			continue
		}
		w.engine.mu.Lock()
		if took >= 0 {
			w.engine.sampled(took)
		}
		w.engine.finish(w.job, slot[T, R]{result: r, ended: true})
	}
	w.engine.mu.Unlock()
	return nil
}

// hungry reports whether to wake the feeder. It parks while the window is full; now
// the window has room, and no job is left to claim.
func (e *engine[T, K, R]) hungry() bool {
	return e.feederParked.Load() && e.claimed == e.runnable.Load() && e.held()-e.taken.Load() < e.limit && e.feederParked.Swap(false)
}

// run runs the task. took is negative if the task was not timed.
func (w *worker[T, K, R]) run() (r R, took time.Duration, err error) {
	if w.untimed > 0 {
		w.untimed--
		w.busy = true
		r, err = w.engine.Task(w.engine.inner, w.job.item)
		w.busy = false
		return r, -1, err
	}
	start := time.Now()
	w.busy = true
	r, err = w.engine.Task(w.engine.inner, w.job.item)
	w.busy = false
	switch took = time.Since(start); {
	case took < shortTask:
		w.untimed = untimedShort
	case took < longTask:
		w.untimed = untimedMedium
	}
	return r, took, err
}

// sampled records the duration of a timed task.
func (e *engine[T, K, R]) sampled(took time.Duration) {
	e.cost += (min(took, 2*longTask) - e.cost) / 4 // capped, so that one preempted sample is soon forgotten
	// A switch to the subscriber and back costs as much as half a task of 1 µs. With
	// four results per switch, such tasks use 70% of two cores instead of 54%. Tasks
	// of 5 µs and more deliver each result at once.
	e.batch = max(1, min(e.limit/2, uint64(batchDelay/(e.cost+1))))
}

// claim waits for a job. It returns false if no job will come. The caller holds mu;
// claim may release and reacquire it.
func (w *worker[T, K, R]) claim() bool {
	e := w.engine
	for {
		if e.halted.Load() || e.draining {
			return false
		}
		if e.claimed < e.runnable.Load() {
			w.job = e.jobs.Take(e.claimed)
			e.claimed++
			return true
		}
		if e.closed && e.runnable.Load() == e.held() {
			return false
		}
		if !e.searching && e.search() {
			continue
		}
		w.job = job[T]{} // an idle worker keeps nothing alive
		e.idle++
		e.attend()
		if e.claimed < e.runnable.Load() { // stored before the feeder could see that it has to call a worker
			e.idle--
			continue
		}
		e.wakeWorkers.Wait()
		e.coming = false
	}
}

// search polls for a job, one worker at a time. It reports whether the caller has to
// look again: a job has come, or the run ends. The caller holds mu; search may
// release and reacquire it.
func (e *engine[T, K, R]) search() bool {
	up := func() bool { return e.claimed < e.runnable.Load() || e.closed || e.draining || e.halted.Load() }
	e.searching = true
	for i := 0; i < searchYields && !up(); i++ {
		e.mu.Unlock()
		runtime.Gosched()
		e.mu.Lock()
	}
	e.searching = false
	return e.claimed < e.runnable.Load() || e.draining || e.halted.Load() || e.closed && e.runnable.Load() == e.held()
}

// finish stores the outcome of j. The caller holds mu. finish may release and
// reacquire it to wake the subscriber.
func (e *engine[T, K, R]) finish(j job[T], s slot[T, R]) {
	if e.Ordered {
		*e.slots.At(j.seq) = s
		for held := e.held(); e.ready < held && e.slots.At(e.ready).ended; {
			e.ready++
		}
	} else {
		e.slots.Fit(e.taken.Load(), e.borrowedEnd, e.ready)
		*e.slots.At(e.ready) = s
		e.ready++
	}
	e.ended++
	c := nobody
	if e.Key != nil {
		if after, ok := e.keys.end(j.line); ok {
			e.enqueue(after)
			if !e.halted.Load() && !e.draining {
				c = e.needWorker(1) // this worker takes one job
			}
		}
	}
	wakes := e.subscriberParked && !e.waits()
	if wakes {
		e.subscriberParked = false
	}
	yields := false // otherwise the subscriber would run after the next task at the earliest
	if e.cost >= shortTask {
		undelivered := e.ready - e.taken.Load()
		yields = undelivered >= e.batch && (wakes || undelivered >= 2)
	}
	if c == nobody && !wakes && !yields {
		return
	}
	e.mu.Unlock()
	e.dispatch(c)
	if wakes {
		e.wakeSubscriber.Signal()
	}
	if yields {
		runtime.Gosched()
	}
	e.mu.Lock()
}

// taskFailed handles the failure of j under the policy. It reports whether the
// worker may go on.
func (e *engine[T, K, R]) taskFailed(j job[T], err error) bool {
	if e.Scope.Ctx.Err() != nil && fault.Strip(e.Scope.Ctx, err) == nil {
		e.cancelled(j.item)
		return false
	}
	s := slot[T, R]{ended: true, failed: true}
	if e.Policy != SkipErrors {
		e.items.Failed(e.items.Weight(j.item))
	}
	switch e.Policy {
	case FailFast:
		e.cut()
		e.fail(err)
		return false
	case FinishInFlight:
		e.drain(err)
	case CollectErrors:
		e.collect(err)
	case SkipErrors:
		s.skipped = &skipped[T]{j.item, err}
	}
	e.mu.Lock()
	e.finish(j, s)
	e.mu.Unlock()
	return true
}

// cancelled keeps the input of a task that ended because its ctx was cancelled.
func (e *engine[T, K, R]) cancelled(v T) {
	e.mu.Lock()
	e.withoutSlot++
	e.victims = append(e.victims, victim[T]{v, context.Cause(e.Scope.Ctx)})
	e.mu.Unlock()
}

// cut counts a task that has ended without a slot for its outcome.
func (e *engine[T, K, R]) cut() {
	e.mu.Lock()
	e.withoutSlot++
	e.mu.Unlock()
}

// collect keeps err until the end of the run. The run ends now if MaxErrors is
// reached.
func (e *engine[T, K, R]) collect(err error) {
	e.mu.Lock()
	last := e.MaxErrors > 0 && len(e.errs)+1 >= e.MaxErrors
	if !last {
		e.errs = append(e.errs, err)
	}
	e.mu.Unlock()
	if last {
		e.drain(err)
	}
}

// Ended runs as w's goroutine ends. A task that panics or calls Goexit ends
// its worker too. Where the policy goes on, another worker takes its place.
func (w *worker[T, K, R]) Ended(err error) {
	if err == nil {
		return
	}
	if !w.busy {
		w.engine.fail(err)
		return
	}
	if !w.engine.taskFailed(w.job, err) {
		return
	}
	w.engine.mu.Lock()
	w.engine.spawned--
	c := w.engine.needWorker(0)
	w.engine.mu.Unlock()
	w.engine.dispatch(c)
}
