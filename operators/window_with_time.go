package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/split"
)

// WindowWithTime gives streams of what comes within each span from the subscription
// on.
//
//	in:  -a-b--c-----d-|   span: 4
//	out: -x----y-----z-|   x: a-b|, y: c|, z: d-|
//
// Emits when the first item after a tick comes; the window completes at the next
// tick, so quiet times give none. [EmitEmpty] opens one at the subscription and at
// each tick instead. Ticks that pass while downstream has no room for another
// window collapse into one. Fails and completes with upstream, and so does the
// window that is open then, as with [WindowWithCount], which tells how windows are
// consumed.
//
// Backpressure: upstream waits while the open window's queue is full, until the
// tick at the latest ([turbopipes.WithQueue], 256 without it;
// [turbopipes.WithOverflow] drops or fails instead), and while another window
// waits to be taken. Memory: a queue for each window that is not consumed.
// Goroutines: two, for upstream and for the clock, joined before it ends.
//
// span ≤ 0 is an ErrInvalidArgument. For slices see
// [BufferWithTime]. It corresponds to RxJS's windowTime, Reactor's window and
// RxGo's WindowWithTime.
func WindowWithTime[T any](span time.Duration, opts ...WindowWithTimeOption) turbopipes.Operator[T, turbopipes.Observable[T]] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case span <= 0:
		return turbopipes.Invalid[T, turbopipes.Observable[T]]("WindowWithTime", opt.NotPositive("span", span))
	case bad != "":
		return turbopipes.Invalid[T, turbopipes.Observable[T]]("WindowWithTime", bad)
	}
	return turbopipes.Lift(own.Mark+"WindowWithTime", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.Observable[T]) bool) (err error) {
		s := split.Open[struct{}](ctx, splitConfig[T]("WindowWithTime", o.Queue, 1))
		defer s.Close(&err)
		w := openWindow[T]{split: s, ends: ticksFrom(time.Now(), span), clock: time.NewTimer(span)}
		defer w.clock.Stop()
		if o.Empties {
			w.next = make(chan struct{}, 1)
			s.Go(w.tickAndOpen)
		} else {
			s.Go(w.tick)
		}
		s.Start(in.Push, func(v T) bool { return w.put(v) != nil })
		handOut(s, emit)
		return nil
	})
}

// ticksFrom gives the first of begin+d, begin+2d … that is later than now.
func ticksFrom(begin time.Time, d time.Duration) func(now time.Time) time.Time {
	return func(now time.Time) time.Time { return begin.Add((now.Sub(begin)/d + 1) * d) }
}
