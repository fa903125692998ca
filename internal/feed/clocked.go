package feed

import (
	"context"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes/internal/alarm"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// State is what an operator that the clock drives does with what comes. Upstreams
// change it by Do, and the subscriber asks it, so that each item finds it as it
// is at that moment, also while downstream is busy. Its methods are called one at
// a time.
type State[T any] interface {
	// Next gives what is to be emitted now, if anything is.
	Next(now time.Time) (v T, ok bool)
	// Deadline is when Next must be asked again though nothing has come; ok is
	// false where it need not be. It is called when Next has given nothing.
	Deadline() (at time.Time, ok bool)
	// Over tells that Next will never give anything. It is called when Next has
	// given nothing.
	Over() bool
	// Left is what waits. It is called when all upstreams have ended.
	Left() []T
}

// Clocked runs upstreams on goroutines of their own, which share a State with the
// subscriber.
type Clocked[T any] struct {
	Scope *scope.Scope
	news  chan struct{} // cap 1: the subscriber must ask again

	lost    run.Account[T]
	refused run.Refused[T] // what came when all had ended

	mu    sync.Mutex // guards state, for a few assignments
	state State[T]
}

// OpenClocked opens one without an upstream. The caller must defer Close, and
// call Loop. Close accounts for what waits then, and for what Give has refused; hooks are
// those of the operator.
func OpenClocked[T any](ctx context.Context, name string, hooks run.Hooks[T], state State[T]) *Clocked[T] {
	c := &Clocked[T]{Scope: scope.Open(ctx, name), news: make(chan struct{}, 1), state: state}
	c.lost = hooks.At(c.Scope.Stage())
	c.Scope.After(func() error { return c.lost.Discard(append(c.state.Left(), c.refused.Take()...)...) })
	return c
}

// Start runs up. ended is told when it has ended, and whether by a failure, and
// changes the state accordingly: a failure is the end of all, and what Next still
// gives then is delivered before it.
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

// Give is Do for an item, which is v.
func (c *Clocked[T]) Give(v T, change func(now time.Time) (news bool)) bool {
	return c.Do(change) || c.Refuse(v)
}

// Refuse keeps an item that came when all had ended, for Close to account for. It
// returns false, for an emit to return.
func (c *Clocked[T]) Refuse(v T) bool { return c.refused.Keep(v) }

// Do changes the state, and tells whether upstream may go on: it does nothing
// where all has ended. change gets the time, which never goes back from one change
// to the next, and tells whether the subscriber must know.
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

// Loop delivers what the state gives until it is over, ctx, which the Clocked was
// opened with, is done, or emit refuses. It tells whether the state was over. From a
// graceful stop on no deadline is waited for: what is due next is due now.
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
			failed = true // the state knows, see Start: what came before may be left
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
