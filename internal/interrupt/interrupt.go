// Package interrupt counts the signals that ask a program to end: the first one asks for
// a graceful stop, the second one ends it.
package interrupt

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// bounce is the time in which a further signal counts as the same one: timeout(1) sends
// one signal to the process and one to its group.
const bounce = 50 * time.Millisecond

// Config has the settings of a Watcher.
type Config struct {
	Signals []os.Signal
	From    <-chan os.Signal // replaces Signals, if it is not nil
	Within  time.Duration    // the limit of the graceful stop
	Limited bool             // Within is set
	End     context.CancelCauseFunc
	Cause   error // the argument of End
}

// Watcher watches signals until it is closed.
type Watcher struct {
	Config
	Stop   chan struct{}  // closed by the first signal
	own    chan os.Signal // the signals of the process; nil with From
	over   chan struct{}  // closed by Close
	joined chan struct{}  // closed when watch has returned

	// used by watch, and then by Close
	n    int
	last time.Time
}

// Watch starts a Watcher. The caller must call Close.
func Watch(c Config) *Watcher {
	w := &Watcher{Config: c, Stop: make(chan struct{}), over: make(chan struct{}), joined: make(chan struct{})}
	if w.From == nil {
		w.own = make(chan os.Signal, 4)
		w.From = w.own
		signal.Notify(w.own, w.Signals...)
	}
	go w.watch() // owned by w: joined by Close
	return w
}

// watch acts on the signals until it is closed.
func (w *Watcher) watch() {
	defer close(w.joined)
	var late <-chan time.Time
	for cause := error(nil); cause == nil; {
		select {
		case _, open := <-w.From:
			switch {
			case !open:
				w.From = nil
			case !w.counts():
			case w.n == 2:
				cause = w.Cause
				w.End(cause)
			default:
				close(w.Stop)
				if w.Limited {
					patience := time.NewTimer(w.Within)
					defer patience.Stop()
					late = patience.C
				}
			}
		case <-late:
			cause = fmt.Errorf("%w: the stop took longer than %v", w.Cause, w.Within)
			w.End(cause)
		case <-w.over:
			return
		}
	}
	calm := time.NewTimer(bounce) // a bounce of the second signal must not count as a third
	defer calm.Stop()
	select {
	case <-calm.C:
		w.restore()
	case <-w.over:
	}
}

// counts reports whether the signal that has come is a new one, and counts it.
func (w *Watcher) counts() bool {
	now := time.Now()
	if w.n == 2 || w.n > 0 && now.Sub(w.last) < bounce {
		return false
	}
	w.n++
	w.last = now
	return true
}

// restore gives the signals back their default effect.
func (w *Watcher) restore() {
	if w.own != nil {
		signal.Stop(w.own)
	}
}

// Close joins watch, and returns the number of signals. A signal that came just before
// the call is counted.
func (w *Watcher) Close() int {
	close(w.over)
	<-w.joined
	w.restore()
	for {
		select {
		case _, open := <-w.From:
			if !open {
				return w.n
			}
			w.counts()
		default:
			return w.n
		}
	}
}
