package handoff

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/ring"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Crew runs the jobs of a Fan: upstreams that come one after another, from one
// goroutine. Its workers go on with the next job, so a short upstream does not start
// a goroutine.
//
// The workers are called one at a time. A called worker claims a job, and calls the
// next worker before it begins. So all jobs really run at the same time, and at most
// one wake-up is under way: while jobs are short, the running workers are faster than
// any wake-up. The lock of the Fan's queue also guards the Crew: the end of a job, the
// return of its place in the queue, and the next claim are one critical section.
type Crew[J, T any] struct {
	// Run runs a job.
	Run func(w *Worker[T], job J) error
	// Limit is the number of jobs that may wait or run at the same time. A negative
	// Limit is none.
	Limit int
	// Inner returns the ctx for the jobs of a Worker, and the Record in that ctx if
	// the Record is the Worker's own. Inner may be nil.
	Inner func(ctx context.Context) (context.Context, *run.Record)

	fan *Fan[T]

	// Only the giver uses these.
	hasRoom      bool   // the last Give or Quick has left room
	runningQuick int    // quick upstreams that ran after the last one was given
	quickEnd     uint64 // they are over when so many items are taken

	given atomic.Uint64 // jobs since the beginning; changed under the lock
	open  atomic.Int64  // jobs that wait or run; changed under the lock

	// The lock of the Fan's queue guards the fields below.
	jobs    ring.Ring[J]
	claimed uint64        // jobs since the beginning
	coming  bool          // a worker is called, or searches, and has not claimed a job yet
	idle    int           // parked workers that are not called
	wake    chan struct{} // calls a parked worker
	held    bool          // the giver waits on slot
	slot    chan struct{}
}

// Worker is a goroutine that runs one upstream after another, as the upstream sees
// it.
type Worker[T any] struct {
	Ctx  context.Context //nolint:containedctx // of the upstream
	Emit func(T) bool
	Some bool // an item was emitted

	busy       bool        // a job runs, or has failed
	called     bool        // it is the one that is coming; guarded by the queue's lock
	record     *run.Record // of Ctx; nil if it is not the Worker's own
	lostBefore int64
}

// Lost reports whether a stage of the upstream has counted a lost item.
func (w *Worker[T]) Lost() bool { return w.record != nil && w.record.Lost() != w.lostBefore }

// maxIdle bounds the parked workers.
const maxIdle = 64

// Open makes c the Crew of f. The exported fields are set before.
func (c *Crew[J, T]) Open(f *Fan[T]) {
	c.fan, c.wake, c.slot = f, make(chan struct{}, maxIdle), make(chan struct{}, 1)
	f.queue.onTaken = c.taken
}

// Wait waits for room for a job. It returns false when ctx has ended, or when nothing is
// taken any more. Only the giver fills the room, so the room stays until Give.
func (c *Crew[J, T]) Wait(ctx context.Context) bool {
	q := c.fan.queue
	for spun := 0; !c.hasRoom; {
		for ; spun < patience && !c.seesRoom(); spun++ {
			runtime.Gosched()
		}
		q.mu.Lock()
		q.giverWaits.Store(spun >= patience && q.reclaimQuick() > 0) // and then look again: see Next
		c.hasRoom = c.room()
		parks, halted := !c.hasRoom && spun >= patience, q.halted.Load()
		c.held = parks && !halted
		q.mu.Unlock()
		switch {
		case c.hasRoom:
			continue
		case halted: // then nothing makes room
			return false
		case !parks:
			continue
		}
		select {
		case <-c.slot: // maybe a token of an earlier Wait: look again
		case <-ctx.Done():
			return false
		}
	}
	return ctx.Err() == nil
}

// seesRoom is room without the lock. The answer may be wrong.
func (c *Crew[J, T]) seesRoom() bool {
	open := int(c.open.Load())
	if c.fan.queue.taken.Load() < c.quickEnd {
		open += c.runningQuick
	}
	return c.Limit < 0 || open < c.Limit
}

// room reports whether a job may begin. The caller holds the lock.
func (c *Crew[J, T]) room() bool {
	return c.Limit < 0 || int(c.open.Load())+c.fan.queue.reclaimQuick() < c.Limit
}

// Give has a worker run job. There is room; see Wait.
func (c *Crew[J, T]) Give(job J) {
	q := c.fan.queue
	q.mu.Lock()
	c.fan.beginLocked(1)
	given := c.given.Load()
	c.jobs.Grow(c.claimed, given)
	*c.jobs.At(given) = job
	c.given.Store(given + 1)
	c.open.Store(c.open.Load() + 1)
	c.hasRoom = c.room()
	c.unlockCall(c.worker(), false)
}

// call is the reaction to a lack of workers.
type call int

const (
	nobody call = iota
	wake
	start
)

// worker decides whether to call a worker. The caller holds the lock.
func (c *Crew[J, T]) worker() call {
	switch {
	case c.claimed == c.given.Load() || c.coming:
		return nobody
	case c.idle > 0:
		c.idle--
		c.coming = true
		return wake
	}
	c.coming = true
	return start
}

// giver decides whether to wake the giver. The caller holds the lock. It is called
// after each claim and after each end: a claimed job may run for ever, so no end need
// follow. The giver sleeps until no job is left to claim, and then fills all the room
// in one go: that saves wake-ups.
func (c *Crew[J, T]) giver() bool {
	wakes := c.held && c.claimed == c.given.Load() && c.room()
	if wakes {
		c.held = false
	}
	return wakes
}

// unlockCall releases the lock, and does what worker and giver have decided.
func (c *Crew[J, T]) unlockCall(worker call, giver bool) {
	c.fan.queue.mu.Unlock()
	switch worker {
	case wake:
		c.wake <- struct{}{} // has room: the worker is no longer among the idle
	case start:
		w := &Worker[T]{called: true}
		c.fan.Scope.Run(func(ctx context.Context) error { return c.work(ctx, w) }, func(err error) { c.workerEnded(w, err) })
	case nobody:
	}
	if giver {
		c.wakeGiver()
	}
}

func (c *Crew[J, T]) wakeGiver() {
	select {
	case c.slot <- struct{}{}:
	default: // a token is there
	}
}

// workerEnded runs as a worker's goroutine ends. The slot of a job that has failed is
// free only now, so that nothing new begins before the failure is known.
func (c *Crew[J, T]) workerEnded(w *Worker[T], err error) {
	c.fan.upstreamFailed(err)
	if !w.busy {
		return
	}
	c.fan.queue.mu.Lock()
	c.open.Store(c.open.Load() - 1)
	c.unlockCall(nobody, c.giver())
}

// work runs on the goroutine of a worker.
func (c *Crew[J, T]) work(ctx context.Context, w *Worker[T]) error {
	w.Ctx = ctx
	if c.Inner != nil {
		w.Ctx, w.record = c.Inner(ctx)
	}
	put := c.fan.put
	w.Emit = func(v T) bool {
		w.Some = true
		return put(v)
	}
	q := c.fan.queue
	q.mu.Lock()
	for c.find(ctx, w) {
		if w.called {
			c.coming, w.called = false, false
		}
		job := c.jobs.Take(c.claimed)
		c.claimed++
		c.unlockCall(c.worker(), c.giver())
		w.Some, w.busy = false, true
		if w.record != nil {
			w.lostBefore = w.record.Lost()
		}
		if err := c.Run(w, job); err != nil {
			return err
		}
		w.busy = false
		q.mu.Lock()
		c.open.Store(c.open.Load() - 1)
		c.fan.endedLocked(1)
	}
	return nil
}

// find waits until there is a job to claim. The caller holds the lock, and find may
// release and reacquire it. find returns false, without the lock, if the worker is not
// needed any more.
func (c *Crew[J, T]) find(ctx context.Context, w *Worker[T]) bool {
	q := c.fan.queue
	for spun := 0; c.claimed == c.given.Load(); {
		if !w.called && !c.coming {
			w.called, c.coming = true, true // search: then the giver calls nobody
		}
		if w.called && spun < patience {
			wakes := c.giver()
			c.unlockCall(nobody, wakes)
			for before := c.given.Load(); spun < patience && c.given.Load() == before; spun++ {
				runtime.Gosched()
			}
			q.mu.Lock()
			continue
		}
		if w.called {
			w.called, c.coming = false, false
		}
		if c.idle == maxIdle {
			c.unlockCall(nobody, c.giver())
			return false
		}
		c.idle++
		c.unlockCall(nobody, c.giver())
		if !c.rest(ctx) {
			return false
		}
		w.called, spun = true, 0
	}
	return true
}

// rest parks until the worker is called, and takes the lock. It returns false,
// without the lock, when ctx has ended and nobody has called the worker.
func (c *Crew[J, T]) rest(ctx context.Context) bool {
	q := c.fan.queue
	select {
	case <-c.wake:
		q.mu.Lock()
		return true
	case <-ctx.Done():
	}
	q.mu.Lock()
	if c.idle > 0 {
		c.idle--
		q.mu.Unlock()
		return false
	}
	q.mu.Unlock()
	<-c.wake // all parked workers are called, so this one too
	q.mu.Lock()
	return true
}
