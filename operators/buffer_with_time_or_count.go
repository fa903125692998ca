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

// BufferWithTimeOrCount collects items into slices of n, or of fewer when span has
// passed since a slice's first item.
//
//	in:  abc-d------ef-|   span: 4, n: 3
//	out: --{abc}-----{d}-----({ef}|)
//
// Emits when a slice has n items, or when span has passed since its first item. At
// completion it emits the items that are left. A slice is never empty, and no timer
// runs while no item waits. Fails with upstream. Items that wait are then discarded,
// or emitted before the error with [FlushOnError].
//
// A lost slice counts as its items, and [OnDiscard] is called for each of them.
// Downstream owns the slices. Backpressure: upstream waits while downstream is busy.
// Memory: n items, and one that upstream waits with. Goroutines: one, for upstream,
// joined before the stream ends.
//
// A span of 0 or less and an n below 1 are an ErrInvalidArgument. To count only, use
// [BufferWithCount]. It corresponds to Reactor's bufferTimeout, Pekko's
// groupedWithin and RxGo's BufferWithTimeOrCount. RxJS's bufferTime restarts its
// clock after each slice, not at an item.
func BufferWithTimeOrCount[T any](span time.Duration, n int, opts ...BufferWithTimeOrCountOption) turbopipes.Operator[T, []T] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case span <= 0:
		return turbopipes.Invalid[T, []T]("BufferWithTimeOrCount", opt.NotPositive("span", span))
	case n < 1:
		return turbopipes.Invalid[T, []T]("BufferWithTimeOrCount", opt.TooSmall("n", n, 1))
	case bad != "":
		return turbopipes.Invalid[T, []T]("BufferWithTimeOrCount", bad)
	}
	return turbopipes.Lift(own.Mark+"BufferWithTimeOrCount", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		up := timedRun[T]{Meet: feed.OpenMeet(ctx, "BufferWithTimeOrCount"), clock: alarm.New()}
		up.batch = timedBuffer[T]{d: span, n: n}
		lost := run.Keep[T](up.Stage(), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() {
			up.clock.Stop()
			up.Close(&err)
			err = fault.Join(err, lost.Discard(up.batch.items...))
		}()
		up.lane = feed.Lay(up.Meet, discarding[T](o.Loss), 0, up.accept)
		up.lane.Start(in.Push)
		pass := func(full []T) bool { return full == nil || emit(full) }
		for {
			up.arm()
			var full []T
			switch up.Await(up.clock) {
			case feed.Due:
				full, up.out = up.out, nil
			case feed.Rang:
				full = up.batch.due(up.clock.Now())
			case feed.Over: // upstream has failed, or ctx is done: Close sets err
				if o.FlushOnError && ctx.Err() == nil {
					pass(up.batch.take())
				}
				return nil
			}
			if !pass(full) {
				return nil
			}
			if up.lane.Ended() { // upstream has completed
				pass(up.batch.take())
				return nil
			}
		}
	})
}

// timedRun is one run of a BufferWithTimeOrCount. Upstream fills the slice while the
// subscriber waits.
type timedRun[T any] struct {
	*feed.Meet
	lane  *feed.Lane[T]
	clock *alarm.Alarm
	batch timedBuffer[T]
	near  bool // the time of batch is nearly over
	out   []T  // to be emitted before the items of batch
}

// accept adds v to the slice. An item that comes when the slice is due begins the
// next slice. The clock is set when a slice begins, because the subscriber sleeps on.
func (r *timedRun[T]) accept(v T) (due bool) {
	waiting := len(r.batch.items)
	var now time.Duration // needed if a slice may begin
	if r.near || waiting%lookEvery == 0 {
		now = r.clock.Now()
		r.out = r.batch.due(now)
	}
	if full := r.batch.item(v, now); full != nil {
		r.out = full // no slice was due: with an n of 1, none ever waits
	} else if waiting == 0 {
		r.arm()
	}
	return r.out != nil
}

// arm sets the clock to the end of the slice.
func (r *timedRun[T]) arm() {
	at, waits := r.batch.deadline()
	r.near = r.clock.SetEarly(at, alarm.Lead(r.batch.d), waits)
}

// lookEvery is after how many items the clock is read although the deadline is not
// near. A reading costs more than all else that is done for an item. So it is read
// for each item only when the deadline is near; the alarm tells when, which costs a
// second wake-up of the subscriber for a slice that ends by time. A producer that never
// waits can delay the alarm if there is only one processor, but not this.
const lookEvery = 32
