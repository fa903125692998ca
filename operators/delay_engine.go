package operators

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes/internal/alarm"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/handoff"
)

// delaying is a delay whose upstream can wait for room.
type delaying[T any] struct {
	delay[T]
	full   atomic.Bool   // upstream waits for room; changed under the lock of the Clocked
	parked bool          // upstream waits on room
	room   chan struct{} // cap 1: wakes the parked upstream
}

// delayPatience is how often upstream yields before it parks. To park and to be woken
// costs about as much as ten yields.
const delayPatience = 4

func newDelaying[T any](bound int, overflow handoff.Overflow) *delaying[T] {
	return &delaying[T]{delay: *newDelay[T](bound, overflow), room: make(chan struct{}, 1)}
}

// Next is the Next of delay. It also calls upstream if it has made room.
func (d *delaying[T]) Next(now time.Duration) (v T, ok bool) {
	before := d.lo
	if v, ok = d.delay.Next(now); d.lo != before && d.full.Load() {
		d.full.Store(false)
		if d.parked {
			d.parked = false
			d.room <- struct{}{}
		}
	}
	return v, ok
}

// accept is called on upstream's goroutine. It stores v, waits for room if it must,
// and returns what has become of v. lost is the item that was dropped, if there is
// one.
func (d *delaying[T]) accept(ctx context.Context, up *feed.Clocked[T], v T, after time.Duration) (lost T, out handoff.Outcome) {
	due := time.Duration(-1)
	for {
		full := false
		if !up.Do(func() (news bool) {
			now := up.Now()
			if due < 0 {
				due = alarm.After(now, after)
			}
			lost, out, full, news = d.offer(v, due, now)
			d.full.Store(full)
			return news
		}) {
			return lost, handoff.Refused
		}
		if !full {
			return lost, out
		}
		if !d.await(ctx, up) {
			return lost, handoff.Refused
		}
	}
}

// await waits for room. It returns false if ctx has ended.
func (d *delaying[T]) await(ctx context.Context, up *feed.Clocked[T]) bool {
	for range delayPatience {
		runtime.Gosched()
		if !d.full.Load() {
			return true
		}
	}
	parks := false
	up.Do(func() (news bool) {
		d.parked = d.full.Load()
		parks = d.parked
		return false
	})
	if !parks {
		return true // also if ctx has ended: then the next Do tells
	}
	select {
	case <-d.room:
		return true
	case <-ctx.Done():
		return false
	}
}
