package hot

import (
	"context"
	"sync/atomic"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Conn is a task on its own goroutine that outlives the call that started it. It has
// its own record: if a subscription has started it, the subscription's Stop does not
// reach it.
type Conn struct {
	rec    run.Handle
	scope  *scope.Scope
	cancel context.CancelCauseFunc
	within func() bool
	done   chan struct{}
	err    error // written before done is closed
}

// start starts task under ctx. cut is set when ctx is done or the Conn is cancelled.
// ended is called with the task's error, on the task's goroutine. within reports
// whether the task waits for the calling goroutine.
func start(ctx context.Context, name string, task func(ctx context.Context, cut *atomic.Bool) error, ended func(error), within func() bool) *Conn {
	c := &Conn{within: within, done: make(chan struct{})}
	c.rec.Init(ctx)
	own, cancel := context.WithCancelCause(c.rec.Begin(ctx))
	c.cancel = cancel
	c.scope = scope.Open(own, name)
	var cut atomic.Bool
	late := func() {}
	release := scope.OnDone(own, func() { cut.Store(true); late = c.scope.Watch() })
	c.scope.Upstream(func(ctx context.Context) error { return task(ctx, &cut) }, func(err error) {
		release()
		late()
		if ctx.Err() != nil {
			err = fault.Settle(ctx, err) // its owner has ended it
		} else {
			err = fault.Strip(own, err)
		}
		c.rec.End()
		c.scope.Stop()
		cancel(nil)
		c.err = err
		defer close(c.done)
		ended(err)
	})
	return c
}

// Ended returns a Conn that was never connected.
func Ended(err error) *Conn {
	c := &Conn{done: make(chan struct{}), err: err}
	close(c.done)
	return c
}

// Stop ends the sources as if they were complete, and waits until everything has
// ended.
func (c *Conn) Stop() {
	if c.over() {
		return
	}
	c.rec.Stop()
	if c.rec.Inside() || c.within() {
		return
	}
	_ = c.wait()
}

// Wait waits until everything has ended, and returns the task's error. inside is
// true if the call comes from within the task and would wait for itself; then Wait
// does not wait.
func (c *Conn) Wait() (inside bool, err error) {
	if !c.over() && (c.rec.Inside() || c.within()) {
		return true, nil
	}
	return false, c.wait()
}

func (c *Conn) wait() error {
	<-c.done
	if c.scope != nil {
		c.scope.Join()
	}
	return c.err
}

func (c *Conn) over() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}
