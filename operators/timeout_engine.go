package operators

import (
	"sync"
	"sync/atomic"
	"time"
)

// timeoutWatch is the clock of one Timeout. Upstream waits on the subscriber's goroutine,
// and the function of the timer cuts it off. For each item the clock is read twice,
// before and after the item, and the timer is not touched. The timer is set again
// only when it rings too early.
type timeoutWatch struct {
	limit    time.Duration
	scope    TimeoutScope
	stopping <-chan struct{} // closed by a graceful stop, after which no time is up
	cut      func()
	begin    time.Time
	state    atomic.Int64 // when the wait for upstream began, counted from begin; or busy, or expired

	mu      sync.Mutex // guards the timer; held for a few assignments only
	timer   *time.Timer
	stopped bool
	running sync.WaitGroup // counts the timer's function, from when it is set to when it has ended
}

const (
	watchBusy    int64 = -1 - iota // there is no wait: downstream works, or there is no more limit
	watchExpired                   // the time is over, for good
)

// newTimeoutWatch starts the clock, which stops when stopping is closed. When the time is
// over, it calls cut on the timer's goroutine.
func newTimeoutWatch(limit time.Duration, scope TimeoutScope, stopping <-chan struct{}, cut func()) *timeoutWatch {
	w := &timeoutWatch{limit: limit, scope: scope, stopping: stopping, cut: cut, begin: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running.Add(1)
	w.timer = time.AfterFunc(limit, w.ring)
	return w
}

// item reports whether an item, or the end, is in time. It stops the clock, unless
// the clock limits the whole run.
func (w *timeoutWatch) item() bool {
	s := w.state.Load()
	switch {
	case s == watchBusy:
		return true
	case s == watchExpired:
		return false
	case w.left(s) <= 0 && !w.halted(): // the deadline counts, no matter which goroutine notices it first
		w.state.Store(watchExpired)
		return false
	case w.scope == WholeRun:
		return true
	}
	return w.state.CompareAndSwap(s, watchBusy) // false: the timer was first
}

// halted reports whether a graceful stop has stopped the clock.
func (w *timeoutWatch) halted() bool {
	select {
	case <-w.stopping:
		return true
	default:
		return false
	}
}

// wait starts the clock again, and reports whether upstream may go on.
func (w *timeoutWatch) wait() bool {
	switch {
	case w.scope == WholeRun:
		return w.state.Load() != watchExpired
	case w.scope != FirstItem:
		w.state.Store(int64(time.Since(w.begin))) // nobody else leaves busy
	}
	return true
}

// left returns the time that is left for a wait that began at since.
func (w *timeoutWatch) left(since int64) time.Duration {
	return w.limit - (time.Since(w.begin) - time.Duration(since))
}

// ring is the function of the timer.
func (w *timeoutWatch) ring() {
	defer w.running.Done()
	for {
		s := w.state.Load()
		left := w.limit // if it is busy, a wait that begins now lasts as long
		switch {
		case s == watchExpired, s == watchBusy && w.scope == FirstItem:
			return
		case s != watchBusy:
			left = w.left(s)
		}
		if left > 0 {
			w.reset(left)
			return
		}
		if w.halted() {
			return
		}
		if w.state.CompareAndSwap(s, watchExpired) {
			w.cut()
			return
		}
	}
}

func (w *timeoutWatch) reset(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped {
		w.running.Add(1)
		w.timer.Reset(d)
	}
}

// stop ends the clock. When it returns, the timer's goroutine has ended.
func (w *timeoutWatch) stop() {
	w.mu.Lock()
	w.stopped = true
	if w.timer.Stop() {
		w.running.Done()
	}
	w.mu.Unlock()
	w.running.Wait()
}
