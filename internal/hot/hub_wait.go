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
	err       error // its wait has failed
}

// yields is how often an idle goroutine yields before it parks: a wake-up costs as
// much as a hundred items.
const yields = 16

// await waits until the caller may store. The caller holds the lock; await may
// release and reacquire it.
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

// queue waits in line after the other producers. The caller holds the lock; queue
// releases and reacquires it.
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
			if w.err != nil { // room has noticed that the last subscriber is gone
				return w.err
			}
			h.forget(w)
			return nil // store admits the next producer
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
		default: // an earlier signal is still unread
		}
	}
}

// forsake frees the waiting producers if nobody takes any more items.
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

// admit wakes the first waiter if there is room. If there is none, it asks the
// lagging subscriber to report when it has moved on. It is called after a subscriber
// has moved on or left, and after the line has changed.
func (h *Hub[T]) admit() {
	for len(h.waiters) > 0 && !h.room() {
		s := h.subs[h.scanFrom]
		s.flags.Or(watched)
		if h.lags(s) {
			h.reenters(s)
			return
		}
		s.flags.And(^uint32(watched)) // it moved on before it could see the flag
	}
	if len(h.waiters) > 0 { // room may have noticed that the last subscriber is gone
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
