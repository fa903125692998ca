package feed

import (
	"context"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes/internal/alarm"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// State is the logic of an operator that the clock drives. Upstreams change it with
// Do, and the subscriber calls Next. So each item finds the state as it is at that
// moment, also while downstream is busy. The methods are called one at a time.
type State[T any] interface {
	// Next returns the item to emit now, if there is one.
	Next(now time.Time) (v T, ok bool)
	// Deadline returns when Next must be called again although nothing has come. ok is
	// false if there is no need. It is called after Next has returned no item.
	Deadline() (at time.Time, ok bool)
	// Over reports whether Next will never return an item again. It is called after
	// Next has returned no item.
	Over() bool
	// Left returns the items that wait. It is called after all upstreams have ended.
	Left() []T
}

// Clocked runs upstreams on their own goroutines. They share a State with the
// subscriber.
type Clocked[T any] struct {
	Scope *scope.Scope
	news  chan struct{} // cap 1: the subscriber must call Next again

	lost    run.Account[T]
	refused run.Refused[T] // items that came after the end

	mu    sync.Mutex // guards state; held for a few assignments
	state State[T]
}

// OpenClocked opens a Clocked without an upstream. The caller must defer Close, and
// call Loop. Close accounts for the items that wait then, and for those that Give
// has refused. hooks are those of the operator.
func OpenClocked[T any](ctx context.Context, name string, hooks run.Hooks[T], state State[T]) *Clocked[T] {
	c := &Clocked[T]{Scope: scope.Open(ctx, name), news: make(chan struct{}, 1), state: state}
	c.lost = hooks.At(c.Scope.Stage())
	c.Scope.After(func() error { return c.lost.Discard(append(c.state.Left(), c.refused.Take()...)...) })
	return c
}

// Start runs up. ended is called after up has ended; it learns whether up has
// failed, and changes the state accordingly. A failure ends the Clocked. Items that
// Next still returns are delivered before the failure.
func (c *Clocked[T]) Start(up func(ctx context.Context) error, ended func(now time.Time, failed bool)) {
	c.Scope.Upstream(up, func(err error) {
		c.change(func(now time.Time) bool {
			ended(now, err != nil)
			return true
		})
		if err != nil {
			c.Scope.Fail(err)
		}
	})
}

// Give is Do for the item v.
func (c *Clocked[T]) Give(v T, change func(now time.Time) (news bool)) bool {
	return c.Do(change) || c.Refuse(v)
}

// Refuse keeps an item that came after the end. Close accounts for it. Refuse
// returns false, for an emit to return.
func (c *Clocked[T]) Refuse(v T) bool { return c.refused.Keep(v) }

// Do changes the state, and reports whether upstream may go on. It does nothing
// after the end. change receives the time, which never goes back from one change to
// the next. It reports whether the subscriber must look again.
func (c *Clocked[T]) Do(change func(now time.Time) (news bool)) bool {
	if c.Scope.Ctx.Err() != nil {
		return false
	}
	c.change(change)
	return true
}

func (c *Clocked[T]) change(change func(now time.Time) bool) {
	c.mu.Lock()
	news := change(time.Now())
	c.mu.Unlock()
	if news {
		select {
		case c.news <- struct{}{}:
		default:
		}
	}
}

// Loop delivers the items of the state until the state is over, ctx is done, or emit
// refuses. ctx is the one that the Clocked was opened with. Loop reports whether the
// state was over. After a graceful stop it waits for no deadline: the next item that
// is due is due now.
func (c *Clocked[T]) Loop(ctx context.Context, emit func(T) bool) (over bool) {
	c.Scope.Settle()
	clock := alarm.New()
	defer clock.Stop()
	stopped := c.Scope.Record().Stopped()
	for failed := false; ; {
		v, ok, over := c.next(clock)
		switch {
		case ok:
			if !emit(v) {
				return false
			}
			continue
		case over, failed:
			return over
		}
		select {
		case <-c.news:
		case <-clock.C:
			clock.Heard()
		case <-stopped:
			stopped = nil
		case <-c.Scope.Ctx.Done():
			if ctx.Err() != nil {
				return false
			}
			failed = true // the state knows of it, see Start; earlier items may be left
		}
	}
}

func (c *Clocked[T]) next(clock *alarm.Alarm) (v T, ok, over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok = c.state.Next(time.Now()); ok {
		return v, true, false
	}
	if c.state.Over() {
		return v, false, true
	}
	if at, waits := c.state.Deadline(); waits && c.Scope.Record().Stopping() {
		if v, ok = c.state.Next(at); ok || c.state.Over() {
			return v, ok, !ok
		}
	}
	clock.Set(c.state.Deadline())
	return v, false, false
}
