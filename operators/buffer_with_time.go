package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/alarm"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// BufferWithTime collects the items of each period of span into a slice, from the
// subscription on.
//
//	in:  ab---c--------d--|   span: 4
//	out: ----{ab}---{c}-------{d}|
//
// Emits when a tick comes: the items since the last tick. At completion it emits the
// items that are left. Empty slices are left out, unless [EmitEmpty] is given. Ticks
// that pass while downstream is busy become one tick. Fails with upstream. Items
// that wait are then discarded, or emitted before the error with [FlushOnError].
//
// A lost slice counts as its items, and [OnDiscard] is called for each of them.
// Downstream owns the slices. Backpressure: upstream waits while downstream is busy.
// [WithMaxItems] limits a slice, to 65,536 items without it. When a slice is full,
// one more item is accepted, and then upstream waits for the tick. Memory: the items
// of one slice, one more item, and one that upstream waits with. Goroutines: one,
// for upstream, joined before the stream ends.
//
// A span of 0 or less is an ErrInvalidArgument. To limit how long an item waits, see
// [BufferWithTimeOrCount]. It corresponds to RxJS's bufferTime, which emits empty
// slices, Reactor's buffer and RxGo's BufferWithTime.
func BufferWithTime[T any](span time.Duration, opts ...BufferWithTimeOption) turbopipes.Operator[T, []T] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case span <= 0:
		return turbopipes.Invalid[T, []T]("BufferWithTime", opt.NotPositive("span", span))
	case bad != "":
		return turbopipes.Invalid[T, []T]("BufferWithTime", bad)
	case o.MaxItems == 0:
		o.MaxItems = defaultMaxItems
	}
	return turbopipes.Lift(own.Mark+"BufferWithTime", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		up := tickedRun[T]{Meet: feed.OpenMeet(ctx, "BufferWithTime"), clock: alarm.New(), next: ticks(span), tick: span}
		up.slice = openSlice[T]{most: o.MaxItems, empties: o.Empties}
		lost := run.Keep[T](up.Stage(), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() {
			up.clock.Stop()
			up.Close(&err)
			err = fault.Join(err, lost.Discard(up.slice.left()...))
		}()
		up.lane = feed.Lay(up.Meet, discarding[T](o.Loss), 0, up.accept)
		up.lane.Start(in.Push)
		for {
			up.near = up.clock.SetEarly(up.tick, alarm.Lead(span), true)
			switch up.Await(up.clock) {
			case feed.Rang:
				up.Poll() // an item that is already there is taken with the tick, whichever came first
			case feed.Over: // upstream has failed, or ctx is done: Close sets err
				if o.FlushOnError && ctx.Err() == nil {
					up.slice.rest(emit)
				}
				return nil
			}
			if items := up.due(); items != nil && !emit(items) {
				return nil
			}
			if up.slice.isExtra { // the end of upstream waits for the tick, too
				continue
			}
			if up.lane.Ended() { // upstream has completed
				up.slice.flush(emit)
				return nil
			}
			up.lane.Open()
		}
	})
}

// tickedRun is one run of a BufferWithTime. Upstream fills the slice while the
// subscriber waits.
type tickedRun[T any] struct {
	*feed.Meet
	lane  *feed.Lane[T]
	clock *alarm.Alarm
	next  func(now time.Duration) time.Duration
	tick  time.Duration // the next one
	near  bool          // the next tick is near
	slice openSlice[T]
	out   []T // to be emitted before the items of slice
}

// accept adds v to the slice. An item that comes at a tick, or later, comes after it.
func (r *tickedRun[T]) accept(v T) (due bool) {
	if r.near || len(r.slice.items)%lookEvery == 0 {
		r.ticks()
	}
	r.slice.add(v)
	if r.slice.isExtra {
		r.lane.Shut()
	}
	return r.out != nil
}

// ticks cuts the slice if a tick has come. Ticks that nobody has noticed are one
// tick. It is called while out is nil.
func (r *tickedRun[T]) ticks() {
	if now := r.clock.Now(); now >= r.tick {
		r.tick = r.next(now)
		r.out = r.slice.cut()
	}
}

// due returns the slice to emit, or nil.
func (r *tickedRun[T]) due() (items []T) {
	if r.out == nil {
		r.ticks()
	}
	items, r.out = r.out, nil
	return items
}
