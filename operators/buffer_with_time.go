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

// BufferWithTime gathers into slices what comes within each span from the
// subscription on.
//
//	in:  ab---c--------d--|   span: 4
//	out: ----{ab}---{c}-------{d}|
//
// Emits when a tick comes, what has come since the last one, and at completion what
// is left. Empty slices are left out, but with [EmitEmpty]. Ticks that pass while
// downstream is busy collapse into one. Fails with upstream; what waits is
// discarded, or emitted before with [FlushOnError].
//
// A slice that is lost counts as its items, which [OnDiscard] hears of.
// Downstream owns the slices. Backpressure: upstream waits while downstream is
// busy, and at the second item beyond a slice's most, until the tick ([WithMaxItems],
// 65,536 without it). Memory: that many items, one more, and one in upstream's hand.
// Goroutines: one, for upstream, joined before it ends.
//
// span ≤ 0 is an ErrInvalidArgument. To bound what an item waits,
// see [BufferWithTimeOrCount]. It corresponds to RxJS's bufferTime, which emits
// empty slices, Reactor's buffer and RxGo's BufferWithTime.
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
		b := gathering[T]{most: o.MaxItems, empties: o.Empties}
		var inHand spot[T]
		lost := run.Keep[T](run.At(ctx, "BufferWithTime"), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() { err = fault.Join(err, lost.Discard(append(b.left(), inHand.all()...)...)) }()
		next := ticksFrom(time.Now(), span)
		tick := next(time.Now())
		up := feed.Open(ctx, "BufferWithTime", discarding[T](o.Loss), in.Push)
		defer up.Close(&err)
		clock := alarm.New()
		defer clock.Stop()
		due := func() bool { // false: downstream has refused
			now := time.Now()
			if now.Before(tick) {
				return true
			}
			tick = next(now) // before emit: what passes meanwhile is one tick, at once
			return b.flush(emit)
		}
		take := func(v T, more bool) bool { // false: it is over
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
				select { // what is there already is taken with the tick, whichever was heard
				case v, more := <-items:
					on = take(v, more)
				default:
					on = due()
				}
			case <-up.Done(): // upstream has failed, or ctx is done: Close tells
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
