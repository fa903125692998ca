package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/split"
)

// WindowWithTime emits windows: streams of the items that arrive within each span,
// counted from the subscription.
//
//	in:  -a-b--c-----d-|   span: 4
//	out: -x----y-----z-|   x: a-b|, y: c|, z: d-|
//
// Emits when the first item after a tick arrives. The window completes at the next
// tick, so there is no window without items. With [EmitEmpty], a window opens at the
// subscription and at each tick instead. Ticks that pass while downstream has no
// room for another window become one tick. Fails and completes with upstream. The
// open window does too, as in [WindowWithCount], which describes how windows are
// consumed and which items [OnDiscard] reports.
//
// Backpressure: upstream waits while the queue of the open window is full, until the
// tick at the latest. [turbopipes.WithQueue] sets the size of the queue, 256 without
// it. [turbopipes.WithOverflow] drops items or fails instead. Upstream also waits
// while another window waits to be taken. Memory: a queue for each window that is
// not consumed. Goroutines: two, for upstream and for the clock, joined before
// WindowWithTime ends.
//
// span ≤ 0 is an ErrInvalidArgument. For slices, see
// [BufferWithTime]. It corresponds to RxJS's windowTime, Reactor's window and RxGo's
// WindowWithTime.
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
		w := openWindow[T]{split: s, born: time.Now(), ends: ticks(span), clock: time.NewTimer(span)}
		defer w.clock.Stop()
		if o.Empties {
			w.next = make(chan struct{}, 1)
			s.Scope.Go(w.tickAndOpen)
		} else {
			s.Scope.Go(w.tick)
		}
		s.Start(in.Push, func(v T) bool { return w.put(v) != nil })
		emitWindows(s, emit)
		return nil
	})
}

// ticks returns a function that returns the first of d, 2d, 3d … that is later than
// now.
func ticks(d time.Duration) func(now time.Duration) time.Duration {
	return func(now time.Duration) time.Duration { return (now/d + 1) * d }
}
