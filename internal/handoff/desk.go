package handoff

import (
	"context"
	"sync"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Desk is a Boundary for operators that keep what waits in a store of their own.
// The functions that it is given touch that store, under the Desk's lock: they
// must be quick and call nothing of a user's.
type Desk struct {
	*scope.Scope

	mu     sync.Mutex // guards all below but refusal, and the operator's store
	room   sync.Cond  // upstream waits for room
	ready  chan struct{}
	parked bool // the subscriber waits on ready
	closed bool // nothing more will be put
	halted bool // nothing more will be put or taken
	err    error

	refusal error // why upstream was refused; of upstream's goroutine
	release func()
}

// OpenDesk opens one without an upstream. The caller must defer Close.
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

// unlockWake wakes the subscriber if it is parked. The flag is cleared before
// the send, so ready always has room.
func (d *Desk) unlockWake() {
	wake := d.parked
	d.parked = false
	d.mu.Unlock()
	if wake {
		d.ready <- struct{}{}
	}
}

// Start runs up. How it ended is told behind what waits, but what its clean-up
// fails with, once it was cancelled, is told at once.
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

// Put waits until try, which tells whether there was room, has stored an item.
// It asks again after each call of Room. false: the Desk was halted, and try has
// not stored.
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

// Room lets upstream try again. It is called under the lock.
func (d *Desk) Room() { d.room.Signal() }

// Refuse has the stream end with err, behind what waits. It is called on
// upstream's goroutine, whose emit then refuses with what Refuse gives: whether
// upstream may go on.
func (d *Desk) Refuse(err error) bool {
	d.refusal = fault.Join(d.refusal, err)
	return d.refusal == nil
}

// Take waits until try, which tells whether there was something, has taken it.
// false: upstream has ended and nothing waits, or the Desk was halted; Err tells
// how upstream has ended.
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

// Do calls f under the lock, and has the subscriber look again.
func (d *Desk) Do(f func()) {
	d.mu.Lock()
	defer d.unlockWake()
	f()
}

// Err is how upstream has ended; nil where the Desk was halted before its turn.
func (d *Desk) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.halted {
		return nil
	}
	return d.err
}

// Close cancels, joins upstream, and gives what has failed. What is left in the
// store is the operator's to account for, behind it.
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
