package operators

import (
	"sync"
	"sync/atomic"
	"time"
)

// watch is the clock of one Timeout: upstream waits on the subscriber's
// goroutine, and the timer's function cuts it off. An item costs a reading of the
// clock before and behind it, and no timer operation: the timer is set again
// only when it rings too early.
type watch struct {
	limit    time.Duration
	scope    TimeoutScope
	stopping <-chan struct{} // closed by a graceful stop, after which no time is up
	cut      func()
	begin    time.Time
	state    atomic.Int64 // since when it waits for upstream, counted from begin; or:

	mu      sync.Mutex // guards the timer, for a few assignments
	timer   *time.Timer
	stopped bool
	running sync.WaitGroup // the timer's function, or that it will run
}

const (
	busy    int64 = -1 - iota // it does not wait: downstream works, or nothing is limited any more
	expired                   // time was up; it stays so
)

// newWatch starts the clock, which stops when stopping is closed. cut is called, on the
// timer's goroutine, when time is up.
func newWatch(limit time.Duration, scope TimeoutScope, stopping <-chan struct{}, cut func()) *watch {
	w := &watch{limit: limit, scope: scope, stopping: stopping, cut: cut, begin: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running.Add(1)
	w.timer = time.AfterFunc(limit, w.ring)
	return w
}

// item tells whether an item, or the end, is in time. It stops the clock, but for
// one of the whole run.
func (w *watch) item() bool {
	s := w.state.Load()
	switch {
	case s == busy:
		return true
	case s == expired:
		return false
	case w.left(s) <= 0 && !w.halted(): // at the deadline it is acted on, whoever notices first
		w.state.Store(expired)
		return false
	case w.scope == WholeRun:
		return true
	}
	return w.state.CompareAndSwap(s, busy) // or the timer was first
}

// halted tells whether the clock was stopped by a graceful stop.
func (w *watch) halted() bool {
	select {
	case <-w.stopping:
		return true
	default:
		return false
	}
}

// wait starts the clock again, and tells whether upstream may go on.
func (w *watch) wait() bool {
	switch {
	case w.scope == WholeRun:
		return w.state.Load() != expired
	case w.scope != FirstItem:
		w.state.Store(int64(time.Since(w.begin))) // nobody else leaves busy
	}
	return true
}

// left is how much time there is for one that waits since then.
func (w *watch) left(since int64) time.Duration {
	return w.limit - (time.Since(w.begin) - time.Duration(since))
}

// ring is the timer's function.
func (w *watch) ring() {
	defer w.running.Done()
	for {
		s := w.state.Load()
		left := w.limit // if it is busy, a wait that begins now lasts as long
		switch {
		case s == expired, s == busy && w.scope == FirstItem:
			return
		case s != busy:
			left = w.left(s)
		}
		if left > 0 {
			w.reset(left)
			return
		}
		if w.halted() {
			return
		}
		if w.state.CompareAndSwap(s, expired) {
			w.cut()
			return
		}
	}
}

func (w *watch) reset(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped {
		w.running.Add(1)
		w.timer.Reset(d)
	}
}

// stop ends the clock, and its goroutine has ended when it returns.
func (w *watch) stop() {
	w.mu.Lock()
	w.stopped = true
	if w.timer.Stop() {
		w.running.Done()
	}
	w.mu.Unlock()
	w.running.Wait()
}
