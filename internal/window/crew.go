package window

import (
	"context"
	"runtime"
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
)

const (
	fast  = 500 * time.Nanosecond // from here on a task is worth a goroutine switch (60 to 120 ns)
	slow  = 4 * fast              // from here on each task is timed: two clock readings cost 73 ns
	late  = 9 * fast              // so long a result may wait for others, to share a switch with them
	polls = 16                    // so often a worker without a job yields before it parks
	few   = 4                     // one task in so many is timed while they are not slow,
	many  = 32                    // and while they are fast
)

// crew is the bookkeeping of workers, part of the state under the lock.
type crew struct {
	idle, spawned int
	coming        bool          // a woken or spawned worker has not claimed yet
	searching     bool          // a worker polls for jobs
	attending     bool          // what attention was set to
	cost          time.Duration // of a task, as sampled; a hint only
	batch         uint64        // so many undelivered results are worth a goroutine switch
}

// call is what to do about a lack of workers.
type call int

const (
	nobody call = iota
	wake
	spawn
)

// need decides, for so many jobs that nobody has claimed, whether a worker is
// to be called. At most one is on its way at a time; it calls need again when
// it has claimed. So n tasks really run at once, with one wake-up in flight.
func (c *crew) need(jobs uint64, n int) call {
	if c.searching && jobs > 0 {
		if jobs--; c.cost < fast {
			return nobody // the searcher alone is quicker than any wake-up
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

// attend tells the feeder whether it has to call need.
func (e *engine[T, K, R]) attend() {
	may := !e.coming && (e.idle > 0 || e.spawned < e.N) && !(e.searching && e.cost < fast)
	if may != e.attending {
		e.attending = may
		e.attention.Store(may)
	}
}

// need decides whether a worker is to be called for the jobs that nobody has
// claimed, except so many. It is called with the lock held.
func (e *engine[T, K, R]) need(except uint64) call {
	e.attend() // before it looks at runnable: the feeder has stored that before it asks
	c := e.crew.need(e.runnable.Load()-e.claimed-except, e.N)
	if c != nobody {
		e.attend()
	}
	return c
}

// dispatch does what need has decided, without the lock. The flag that need
// cleared is why the send has room.
func (e *engine[T, K, R]) dispatch(c call) {
	switch c {
	case wake:
		e.wch <- struct{}{}
	case spawn:
		w := &worker[T, K, R]{engine: e}
		e.Scope.Run(w.work, w.left)
	}
}

// worker runs one task after another on a goroutine of its own.
type worker[T any, K comparable, R any] struct {
	engine *engine[T, K, R]
	job    job[T, K]
	busy   bool // the task runs
	skip   int  // so many tasks are not timed
}

func (w *worker[T, K, R]) work(context.Context) error {
	w.engine.mu.Lock()
	w.engine.coming = false
	for w.claim() {
		c := w.engine.need(0)
		feed := w.engine.hungry()
		w.engine.mu.Unlock()
		w.engine.dispatch(c)
		if feed {
			w.engine.fch <- struct{}{}
		}
		r, took, err := w.run()
		if err != nil {
			if !w.engine.failed(w.job, err) {
				return nil
			}
			w.engine.mu.Lock()
			continue
		}
		w.engine.mu.Lock()
		if took >= 0 {
			w.engine.sampled(took)
		}
		w.engine.finish(w.job, slot[T, R]{r: r, ended: true})
	}
	w.engine.mu.Unlock()
	return nil
}

// hungry tells whether the feeder is to be woken, which parks while the window
// is full: there is room again, and nothing to claim.
func (e *engine[T, K, R]) hungry() bool {
	return e.fWait.Load() && e.claimed == e.runnable.Load() && e.held()-e.taken.Load() < e.limit && e.fWait.Swap(false)
}

// run runs the task. took is negative where it was not timed.
func (w *worker[T, K, R]) run() (r R, took time.Duration, err error) {
	if w.skip > 0 {
		w.skip--
		w.busy = true
		r, err = w.engine.Task(w.engine.inner, w.job.v)
		w.busy = false
		return r, -1, err
	}
	start := time.Now()
	w.busy = true
	r, err = w.engine.Task(w.engine.inner, w.job.v)
	w.busy = false
	switch took = time.Since(start); {
	case took < fast:
		w.skip = many
	case took < slow:
		w.skip = few
	}
	return r, took, err
}

// sampled is told how long a task has taken.
func (e *engine[T, K, R]) sampled(took time.Duration) {
	e.cost += (min(took, 2*slow) - e.cost) / 4 // clipped, so that one preempted sample is soon forgotten
	// A switch to the subscriber and back costs as much as half a task of 1 µs: with
	// four results a time, such tasks get 70% of two cores instead of 54%. Tasks
	// of 5 µs and more deliver each result at once.
	e.batch = max(1, min(e.limit/2, uint64(late/(e.cost+1))))
}

// claim waits for a job; it is called and left with the lock held. false: there
// will be none.
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
		w.job = job[T, K]{} // an idle worker keeps nothing alive
		e.idle++
		e.attend()
		if e.claimed < e.runnable.Load() { // stored before the feeder could see that somebody is to be called
			e.idle--
			continue
		}
		e.mu.Unlock()
		<-e.wch
		e.mu.Lock()
		e.coming = false
	}
}

// search polls for a job, one worker at a time, and tells whether anything has
// come up.
func (e *engine[T, K, R]) search() bool {
	up := func() bool { return e.claimed < e.runnable.Load() || e.closed || e.draining || e.halted.Load() }
	e.searching = true
	for i := 0; i < polls && !up(); i++ {
		e.mu.Unlock()
		runtime.Gosched()
		e.mu.Lock()
	}
	e.searching = false
	return e.claimed < e.runnable.Load() || e.draining || e.halted.Load() || e.closed && e.runnable.Load() == e.held()
}

// finish stores what became of j. It is called and left with the lock held, and
// lets it go to wake the subscriber.
func (e *engine[T, K, R]) finish(j job[T, K], s slot[T, R]) {
	if e.Ordered {
		*e.slots.At(j.seq) = s
		for held := e.held(); e.ready < held && e.slots.At(e.ready).ended; {
			e.ready++
		}
	} else {
		e.slots.Fit(e.taken.Load(), e.end, e.ready)
		*e.slots.At(e.ready) = s
		e.ready++
	}
	e.ended++
	c := nobody
	if e.Key != nil {
		if after, ok := e.keys.end(j.k); ok {
			e.enqueue(after)
			if !e.halted.Load() && !e.draining {
				c = e.need(1) // this worker takes one
			}
		}
	}
	wakes := e.sWait && !e.waits()
	if wakes {
		e.sWait = false
	}
	yields := false // else the subscriber would run after the next task at the earliest
	if e.cost >= fast {
		undelivered := e.ready - e.taken.Load()
		yields = undelivered >= e.batch && (wakes || undelivered >= 2)
	}
	if c == nobody && !wakes && !yields {
		return
	}
	e.mu.Unlock()
	e.dispatch(c)
	if wakes {
		e.sch <- struct{}{}
	}
	if yields {
		runtime.Gosched()
	}
	e.mu.Lock()
}

// failed tells whether the worker may go on.
func (e *engine[T, K, R]) failed(j job[T, K], err error) bool {
	if e.Scope.Ctx.Err() != nil && fault.Strip(e.Scope.Ctx, err) == nil {
		e.cancelled(j.v)
		return false
	}
	s := slot[T, R]{ended: true, failed: true}
	if e.Policy != SkipErrors {
		e.items.Failed(e.items.Weight(j.v))
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
		s.skipped = &skipped[T]{j.v, err}
	}
	e.mu.Lock()
	e.finish(j, s)
	e.mu.Unlock()
	return true
}

// cancelled keeps the input of a task that the cancellation has ended.
func (e *engine[T, K, R]) cancelled(v T) {
	e.mu.Lock()
	e.cutOff++
	e.victims = append(e.victims, victim[T]{v, context.Cause(e.Scope.Ctx)})
	e.mu.Unlock()
}

// cut counts a task that has ended without a slot for what became of it.
func (e *engine[T, K, R]) cut() {
	e.mu.Lock()
	e.cutOff++
	e.mu.Unlock()
}

// collect keeps err for the end, which comes now if it is one too many.
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

// left is the foot of w's goroutine. A task that panics or calls Goexit has
// taken the worker with it; where the policy goes on, so does another worker.
func (w *worker[T, K, R]) left(err error) {
	if err == nil {
		return
	}
	if !w.busy {
		w.engine.fail(err)
		return
	}
	if !w.engine.failed(w.job, err) {
		return
	}
	w.engine.mu.Lock()
	w.engine.spawned--
	c := w.engine.need(0)
	w.engine.mu.Unlock()
	w.engine.dispatch(c)
}
