package handoff

import (
	"context"
	"sync"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Desk is a Boundary for operators that keep waiting items in a store of their own.
// The functions that are passed to a Desk use the store under the Desk's lock. They
// must be quick, and must not call user code.
type Desk struct {
	*scope.Scope

	mu     sync.Mutex // guards all fields below except refusal, and the operator's store
	room   sync.Cond  // upstream waits for room
	ready  chan struct{}
	parked bool // the subscriber waits on ready
	closed bool // nothing more will be put
	halted bool // nothing more will be put or taken
	err    error

	refusal error // why upstream was refused; only upstream's goroutine uses it
	release func()
}

// OpenDesk opens a Desk without an upstream. The caller must defer Close.
func OpenDesk(ctx context.Context, name string) *Desk {
	d := &Desk{Scope: scope.Open(ctx, name), ready: make(chan struct{}, 1)}
	d.room.L = &d.mu
	d.release = scope.OnDone(d.Ctx, d.halt)
	return d
}

func (d *Desk) halt() {
	d.mu.Lock()
	d.halted = true
	d.room.Broadcast()
	d.unlockWake()
}

// unlockWake wakes the subscriber if it is parked. The flag is cleared before the
// send, so ready always has room.
func (d *Desk) unlockWake() {
	wake := d.parked
	d.parked = false
	d.mu.Unlock()
	if wake {
		d.ready <- struct{}{}
	}
}

// Start runs up. The end of up is reported after the waiting items. A failure of its
// clean-up, after it was cancelled, is reported at once.
func (d *Desk) Start(up func(ctx context.Context) error) {
	d.Upstream(func(ctx context.Context) error {
		return fault.Join(up(ctx), d.refusal)
	}, func(err error) {
		if d.Ctx.Err() != nil {
			d.Fail(err)
			err = nil
		}
		d.mu.Lock()
		d.closed, d.err = true, err
		d.unlockWake()
	})
}

// Put waits until try has stored an item. try reports whether there was room; Put
// calls it again after each call of Room. Put returns false if the Desk was halted,
// and nothing was stored.
func (d *Desk) Put(try func() bool) bool {
	d.mu.Lock()
	for !d.halted {
		if try() {
			d.unlockWake()
			return true
		}
		d.room.Wait()
	}
	d.mu.Unlock()
	return false
}

// Room lets upstream try again. The caller holds the lock.
func (d *Desk) Room() { d.room.Signal() }

// Refuse makes the stream end with err, after the waiting items. It is called on
// upstream's goroutine, whose emit then returns the result of Refuse: whether
// upstream may go on.
func (d *Desk) Refuse(err error) bool {
	d.refusal = fault.Join(d.refusal, err)
	return d.refusal == nil
}

// Take waits until try has taken an item. try reports whether there was one. Take
// returns false if upstream has ended and nothing waits, or if the Desk was halted.
// Err then returns upstream's error.
func (d *Desk) Take(try func() bool) bool {
	d.Settle()
	d.mu.Lock()
	for !d.halted {
		if try() {
			d.mu.Unlock()
			return true
		}
		if d.closed {
			break
		}
		d.parked = true
		d.mu.Unlock()
		<-d.ready
		d.mu.Lock()
	}
	d.mu.Unlock()
	return false
}

// Do calls f under the lock, and makes the subscriber look again.
func (d *Desk) Do(f func()) {
	d.mu.Lock()
	defer d.unlockWake()
	f()
}

// Err is upstream's error; nil if the Desk was halted before.
func (d *Desk) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.halted {
		return nil
	}
	return d.err
}

// Close cancels, joins upstream, and sets err to all failures. Afterwards the
// operator must account for the items in its store.
func (d *Desk) Close(err *error) {
	d.Scope.Close(err)
	d.release()
}

// Deliver emits what next takes out of the store of d, under whose lock it is
// called.
func Deliver[T any](d *Desk, next func() (T, bool), emit func(T) bool) error {
	for {
		var v T
		if !d.Take(func() (ok bool) {
			v, ok = next()
			return ok
		}) {
			return d.Err()
		}
		if !emit(v) {
			return nil
		}
	}
}
