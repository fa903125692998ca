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
		b := openSlice[T]{most: o.MaxItems, empties: o.Empties}
		var inHand singleSlot[T]
		lost := run.Keep[T](run.At(ctx, "BufferWithTime"), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() { err = fault.Join(err, lost.Discard(append(b.left(), inHand.all()...)...)) }()
		next := ticksFrom(time.Now(), span)
		tick := next(time.Now())
		up := feed.Open(ctx, "BufferWithTime", discarding[T](o.Loss), in.Push)
		defer up.Scope.Close(&err)
		clock := alarm.New()
		defer clock.Stop()
		due := func() bool { // returns false when downstream has refused a slice
			now := time.Now()
			if now.Before(tick) {
				return true
			}
			tick = next(now) // before emit: ticks that pass meanwhile become one, which is due at once
			return b.flush(emit)
		}
		take := func(v T, more bool) bool { // returns false when the stream is over
			if !more { // upstream has completed
				_ = due() && b.flush(emit)
				return false
			}
			inHand.put(v)
			if !due() {
				return false
			}
			inHand.take()
			b.add(v)
			return true
		}
		for {
			clock.Set(tick, true)
			items := up.Items()
			if b.isExtra {
				items = nil
			}
			on := true
			select {
			case v, more := <-items:
				on = take(v, more)
			case <-clock.C:
				clock.Heard()
				select { // an item that is already there is taken with the tick, whichever came first
				case v, more := <-items:
					on = take(v, more)
				default:
					on = due()
				}
			case <-up.Done(): // upstream has failed, or ctx is done: Close sets err
				if o.FlushOnError && ctx.Err() == nil {
					b.rest(emit)
				}
				return nil
			}
			if !on {
				return nil
			}
		}
	})
}
