package feed

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes/internal/alarm"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// State is the logic of an operator that the clock drives. Upstreams change it with
// Do, and the subscriber calls Next. So each item finds the state as it is at that
// moment, also while downstream is busy. The methods are called one at a time. Times
// are those of Now.
type State[T any] interface {
	// Next returns the item to emit now, if there is one.
	Next(now time.Duration) (v T, ok bool)
	// Deadline returns when Next must be called again although nothing has come. ok is
	// false if there is no need. It is called after Next has returned no item.
	Deadline() (at time.Duration, ok bool)
	// Over reports whether Next will never return an item again. It is called after
	// Next has returned no item.
	Over() bool
	// Left returns the items that wait. It is called after all upstreams have ended.
	Left() []T
}

// Clocked runs upstreams on their own goroutines. They share a State with the
// subscriber. The subscriber is woken only if it must call Next.
type Clocked[T any] struct {
	Scope *scope.Scope
	clock *alarm.Alarm
	news  atomic.Bool   // the subscriber must call Next again; changed under mu
	ready chan struct{} // cap 1: wakes the parked subscriber

	lost    run.Account[T]
	refused run.Refused[T] // items that came after the end

	mu     sync.Mutex // guards the fields below; held for a few assignments
	parked bool       // the subscriber waits on ready
	state  State[T]
}

// OpenClocked opens a Clocked without an upstream. The caller must defer Close, and
// call Loop. Close accounts for the items that wait then, and for those that Give
// has refused. hooks are those of the operator.
func OpenClocked[T any](ctx context.Context, name string, hooks run.Hooks[T], state State[T]) *Clocked[T] {
	c := &Clocked[T]{Scope: scope.Open(ctx, name), clock: alarm.New(), ready: make(chan struct{}, 1), state: state}
	c.lost = hooks.At(c.Scope.Stage())
	c.Scope.After(func() error { return c.lost.Discard(append(c.state.Left(), c.refused.Take()...)...) })
	return c
}

// Now returns the time, counted from OpenClocked. From one change of the state to the
// next it never goes back.
func (c *Clocked[T]) Now() time.Duration { return c.clock.Now() }

// Start runs up. ended is called after up has ended; it learns whether up has
// failed, and changes the state accordingly. A failure ends the Clocked. Items that
// Next still returns are delivered before the failure.
func (c *Clocked[T]) Start(up func(ctx context.Context) error, ended func(now time.Duration, failed bool)) {
	c.Scope.Upstream(up, func(err error) {
		c.change(func() bool {
			ended(c.Now(), err != nil)
			return true
		})
		if err != nil {
			c.Scope.Fail(err)
		}
	})
}

// Give is Do for the item v.
func (c *Clocked[T]) Give(v T, change func() (news bool)) bool {
	return c.Do(change) || c.Refuse(v)
}

// Refuse keeps an item that came after the end. Close accounts for it. Refuse
// returns false, for an emit to return.
func (c *Clocked[T]) Refuse(v T) bool { return c.refused.Keep(v) }

// Do changes the state, and reports whether upstream may go on. It does nothing
// after the end. change reports whether the subscriber must look again.
func (c *Clocked[T]) Do(change func() (news bool)) bool {
	if c.Scope.Ctx.Err() != nil {
		return false
	}
	c.change(change)
	return true
}

func (c *Clocked[T]) change(change func() (news bool)) {
	c.mu.Lock()
	if !change() {
		c.mu.Unlock()
		return
	}
	c.news.Store(true)
	wake := c.parked
	c.parked = false
	c.mu.Unlock()
	if wake {
		c.ready <- struct{}{}
	}
}

// Loop delivers the items of the state until the state is over, ctx is done, or emit
// refuses. ctx is the one that the Clocked was opened with. Loop reports whether the
// state was over. After a graceful stop it waits for no deadline: the next item that
// is due is due now.
func (c *Clocked[T]) Loop(ctx context.Context, emit func(T) bool) (over bool) {
	c.Scope.Settle()
	defer c.clock.Stop()
	stopped := c.Scope.Record().Stopped()
	for failed := false; ; {
		v, ok, over := c.next()
		switch {
		case ok:
			if !emit(v) {
				return false
			}
			continue
		case over, failed:
			return over
		}
		switch c.wait(stopped) {
		case waitStopped:
			stopped = nil
		case waitOver:
			if ctx.Err() != nil {
				return false
			}
			failed = true // the state knows of it, see Start; earlier items may be left
		}
	}
}

// next returns the item that is due. If there is none, it sets the clock.
func (c *Clocked[T]) next() (v T, ok, over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.news.Store(false)
	if v, ok = c.state.Next(c.Now()); ok {
		return v, true, false
	}
	if c.state.Over() {
		return v, false, true
	}
	at, waits := c.state.Deadline()
	if waits && c.Scope.Record().Stopping() {
		if v, ok = c.state.Next(at); ok || c.state.Over() {
			return v, ok, !ok
		}
		at, waits = c.state.Deadline()
	}
	c.clock.Set(at, waits)
	return v, false, false
}

// waited is the reason why wait has returned.
type waited int

const (
	waitNews    waited = iota // the state has changed, or it is time to look at it
	waitStopped               // the subscription is stopped gracefully
	waitOver                  // an upstream has failed, or ctx is done
)

// wait waits until the subscriber must call next.
func (c *Clocked[T]) wait(stopped <-chan struct{}) (why waited) {
	for range patience {
		runtime.Gosched()
		if c.news.Load() {
			return waitNews
		}
	}
	c.mu.Lock()
	if c.news.Load() {
		c.mu.Unlock()
		return waitNews
	}
	c.parked = true
	c.mu.Unlock()
	select {
	case <-c.ready:
		return waitNews
	case <-c.clock.C:
		c.clock.Heard()
	case <-stopped:
		why = waitStopped
	case <-c.Scope.Ctx.Done():
		why = waitOver
	}
	c.mu.Lock()
	called := !c.parked
	c.parked = false
	c.mu.Unlock()
	if called {
		<-c.ready
	}
	return why
}
