package operators

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// BackpressureTimeout fails when downstream takes limit or longer for one item.
//
//	in:  ab-----|   limit: 3   downstream takes 5 for an item
//	out: a----#
//
// Emits when an item comes and downstream is free. When the time is up, upstream is
// cancelled and reaped at once. The ErrBackpressureTimeout is returned as soon as
// downstream, which can't be interrupted, has finished with its item. The time that
// upstream takes does not count. If downstream wants no more items after an item
// that took too long, downstream has ended the stream, and there is no error.
// Otherwise it fails and completes with upstream.
//
// Backpressure: upstream waits while downstream is busy, until the time is up. An
// item that upstream waits with when the stream ends early counts as discarded, and
// [OnDrop] is called for it. Memory: one item, which upstream waits with.
// Goroutines: two, for upstream and the clock, joined before the stream ends.
//
// A limit of 0 or less is an ErrInvalidArgument. To limit the time that upstream
// takes, see [Timeout]. It corresponds to Pekko's backpressureTimeout.
func BackpressureTimeout[T any](limit time.Duration, opts ...BackpressureOption[T]) turbopipes.Operator[T, T] {
	const name = "BackpressureTimeout"
	o, bad := opt.Gather(opt.Typed[T]{}, opts)
	switch {
	case limit <= 0:
		return turbopipes.Invalid[T, T](name, opt.NotPositive("limit", limit))
	case bad != "":
		return turbopipes.Invalid[T, T](name, bad)
	}
	timeUp := fmt.Errorf("%w: %s: downstream was not done with an item within %v", turbopipes.ErrBackpressureTimeout, name, limit)
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		own, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		p := patience{d: limit, begin: time.Now(), cut: func() { cancel(timeUp) }}
		p.since.Store(downstreamFree)
		refused, err := runWithPatience(own, name, &p, dropping(o), in, emit)
		if p.since.Load() != timeExpired || refused || ctx.Err() != nil {
			return err
		}
		return fault.Join(timeUp, err)
	})
}

// runWithPatience runs in until it ends, downstream refuses, or p's time is up.
func runWithPatience[T any](ctx context.Context, name string, p *patience, hooks run.Hooks[T], in turbopipes.Observable[T], emit func(T) bool) (refused bool, err error) {
	up := feed.OpenIntake(ctx, name, hooks, in.Push)
	defer up.Close(&err)
	up.Go(p.watch)
	for {
		v, got := up.Next(nil)
		if up.Waited() {
			p.look()
		}
		if got != feed.Item {
			return false, nil
		}
		p.start()
		if !emit(v) {
			return true, nil
		}
		if !p.stop(up.Ctx) {
			return false, nil
		}
	}
}

// patience is the clock of one BackpressureTimeout. Each item costs a reading of the
// clock after the item, another one if upstream was waited for, and no timer operation.
type patience struct {
	d     time.Duration
	begin time.Time
	now   time.Duration // the last reading on the subscriber's goroutine, counted from begin
	cut   func()        // ends upstream
	since atomic.Int64  // when downstream was given its item, counted from begin; or:
}

const (
	downstreamFree int64 = -1 - iota // downstream has no item
	timeExpired                      // the time was up; since stays at this value
)

// look reads the clock.
func (p *patience) look() { p.now = time.Since(p.begin) }

// start begins the time of an item, at the last reading of the clock.
func (p *patience) start() { p.since.Store(int64(p.now)) }

// stop reports whether downstream was in time, or whether ctx, under which upstream
// runs, has ended before the time was up. The event that came first decides how the
// stream ends.
func (p *patience) stop(ctx context.Context) bool {
	p.look()
	since := p.since.Load()
	if since == timeExpired {
		return false
	}
	if ctx.Err() == nil && p.left(since, p.now) <= 0 { // stop or watch ends upstream, whichever notices first
		p.expire(since)
		return false
	}
	return p.since.CompareAndSwap(since, downstreamFree)
}

// left returns how much of the time of an item is left at now.
func (p *patience) left(since int64, now time.Duration) time.Duration {
	return p.d - (now - time.Duration(since))
}

func (p *patience) expire(since int64) bool {
	if !p.since.CompareAndSwap(since, timeExpired) {
		return false
	}
	p.cut()
	return true
}

// watch is a task. It ends upstream when the time is up while downstream is busy.
func (p *patience) watch(ctx context.Context) error {
	timer := time.NewTimer(p.d)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		left := p.d // if downstream is idle, an item that begins now may take that long
		if since := p.since.Load(); since != downstreamFree {
			left = p.left(since, time.Since(p.begin))
			if left <= 0 && p.expire(since) {
				return nil
			}
		}
		timer.Reset(max(left, 1)) // 1: the item is done, and the next item may have begun
	}
}
