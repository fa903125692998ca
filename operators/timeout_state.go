package operators

import (
	"sync"
	"time"
)

// watch is the clock of one Timeout: upstream waits on the subscriber's
// goroutine, and the timer's function cuts it off.
type watch struct {
	timeoutOptions
	cut func()

	mu      sync.Mutex // guards all below, for a few assignments
	timer   *time.Timer
	since   time.Time // when the wait that the clock measures began
	waiting bool      // that clock runs
	expired bool
	stopped bool
	running sync.WaitGroup // the timer's function
}

// newWatch starts the clock. cut is called, on the timer's goroutine, when time
// is up.
func newWatch(o timeoutOptions, cut func()) *watch {
	w := &watch{timeoutOptions: o, cut: cut, since: time.Now(), waiting: true}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running.Add(1)
	w.timer = time.AfterFunc(o.d, w.ring)
	return w
}

// ring is the timer's function. The timer is set again only here: an item costs
// a reading of the clock, and no timer operation.
func (w *watch) ring() {
	defer w.running.Done()
	w.mu.Lock()
	if w.stopped || w.expired || w.firstOnly && !w.waiting {
		w.mu.Unlock()
		return
	}
	left := w.d
	if w.waiting {
		left -= time.Since(w.since)
	}
	if w.expired = left <= 0; w.expired {
		w.mu.Unlock()
		w.cut()
		return
	}
	w.running.Add(1)
	w.timer.Reset(left)
	w.mu.Unlock()
}

// item tells whether an item is in time. It stops the clock.
func (w *watch) item() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting && !w.expired && time.Since(w.since) >= w.d {
		w.expired = true // at the deadline it is acted on, whoever notices first
	}
	if !w.total {
		w.waiting = false
	}
	return !w.expired
}

// wait starts the clock again, and tells whether upstream may go on.
func (w *watch) wait() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.total && !w.firstOnly {
		w.since, w.waiting = time.Now(), true
	}
	return !w.expired
}

// stop ends the clock and its goroutine, and tells whether time was up.
func (w *watch) stop() (expired bool) {
	w.mu.Lock()
	w.stopped = true
	if w.timer.Stop() {
		w.running.Done()
	}
	expired = w.expired
	w.mu.Unlock()
	w.running.Wait()
	return expired
}
