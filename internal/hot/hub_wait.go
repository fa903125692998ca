package hot

import (
	"context"
	"runtime"

	"github.com/turbopipes/turbopipes/internal/fault"
)

// This file has the line of producers that wait for room in a Hub.

// waiter is a producer that waits for room.
type waiter struct {
	wake      chan struct{} // cap 1
	woken     bool
	goroutine goroutine
	err       error // it waits in vain
}

// polls is how often who finds nothing to do yields before it parks: a wake-up
// costs as much as a hundred items.
const yields = 16

// await waits until the caller may store. It is called and left with the lock
// held.
func (h *Hub[T]) await(ctx context.Context) error {
	for range yields {
		switch {
		case h.over():
			return fault.ErrClosed
		case len(h.waiters) > 0:
			return h.queue(ctx)
		case h.room():
			if h.over() {
				return fault.ErrClosed
			}
			return nil
		}
		h.mu.Unlock()
		runtime.Gosched()
		h.mu.Lock()
	}
	return h.queue(ctx)
}

// queue waits behind the other producers.
func (h *Hub[T]) queue(ctx context.Context) error {
	h.mu.Unlock()
	w := &waiter{wake: make(chan struct{}, 1), goroutine: current()}
	h.mu.Lock()
	if h.over() {
		return fault.ErrClosed
	}
	h.waiters = append(h.waiters, w)
	for {
		h.admit()
		h.mu.Unlock()
		select {
		case <-w.wake:
		case <-ctx.Done():
		}
		h.mu.Lock()
		w.woken = false
		switch {
		case w.err != nil:
			return w.err
		case ctx.Err() != nil:
			h.forget(w)
			h.admit()
			return context.Cause(ctx)
		case h.waiters[0] == w && h.room():
			if w.err != nil { // room has found that nobody is there any more
				return w.err
			}
			h.forget(w)
			return nil // store admits the next one
		}
	}
}

// forget takes w out of the line.
func (h *Hub[T]) forget(w *waiter) {
	for i := range h.waiters {
		if h.waiters[i] == w {
			h.waiters = append(h.waiters[:i], h.waiters[i+1:]...)
			return
		}
	}
}

// fail ends the wait of w.
func (h *Hub[T]) fail(w *waiter, err error) {
	w.err = err
	w.signal()
}

func (w *waiter) signal() {
	if !w.woken {
		w.woken = true
		select {
		case w.wake <- struct{}{}:
		default: // it has a signal that it has not heard yet
		}
	}
}

// forsake frees the producers that wait where nobody takes anything more.
func (h *Hub[T]) forsake() {
	if !h.closed && h.deserted() {
		h.refuse()
	}
}

// refuse ends the waits of all producers.
func (h *Hub[T]) refuse() {
	for _, w := range h.waiters {
		h.fail(w, fault.ErrClosed)
	}
	h.waiters = nil
}

// admit wakes the first waiter if there is room; if not, it has the subscriber
// that lags tell when it does no longer. It is called when one has moved on or
// left, and when the line has changed.
func (h *Hub[T]) admit() {
	for len(h.waiters) > 0 && !h.room() {
		s := h.subs[h.scanFrom]
		s.flags.Or(watched)
		if h.lags(s) {
			h.reenters(s)
			return
		}
		s.flags.And(^uint32(watched)) // it has moved on before it could see the flag
	}
	if len(h.waiters) > 0 { // room may have found that nobody is there any more
		h.waiters[0].signal()
	}
}

// reenters ends the wait of a producer that runs on the goroutine of s: it would
// wait for itself.
func (h *Hub[T]) reenters(s *Sub[T]) {
	for i := 0; i < len(h.waiters); {
		w := h.waiters[i]
		if s.goroutine == none || w.goroutine != s.goroutine {
			i++
			continue
		}
		h.forget(w)
		h.fail(w, fault.ErrReentrant)
	}
}
