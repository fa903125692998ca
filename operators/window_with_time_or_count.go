package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/alarm"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/split"
)

// WindowWithTimeOrCount emits windows: streams of n items, or of the items that
// arrive within span after the window's first item.
//
//	in:  abc-d------ef-|   span: 4, n: 3
//	out: x---y------z--|   x: abc|, y: d---|, z: ef-|
//
// Emits when the first item of a window arrives, so no window is empty, and an idle
// stream wakes no goroutine. The window completes with its n-th item, or when span has
// passed. Fails and completes with upstream. The open window does too, as in
// [WindowWithCount], which describes how windows are consumed and which items
// [OnDiscard] reports.
//
// Backpressure: upstream waits while the queue of the open window is full, until the
// window's time is over at the latest. [turbopipes.WithQueue] sets the size of the
// queue, 256 without it. [turbopipes.WithOverflow] drops items or fails instead.
// Upstream also waits while another window waits to be taken. Memory: a queue for
// each window that is not consumed. Goroutines: two, for upstream and for the clock,
// joined before WindowWithTimeOrCount ends.
//
// span ≤ 0 and an n below 1 are an ErrInvalidArgument. For
// slices, see [BufferWithTimeOrCount]. It corresponds to Reactor's windowTimeout and
// RxGo's WindowWithTimeOrCount; RxJS's windowTime restarts a clock of its own.
func WindowWithTimeOrCount[T any](span time.Duration, n int, opts ...turbopipes.QueueOption) turbopipes.Operator[T, turbopipes.Observable[T]] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case span <= 0:
		return turbopipes.Invalid[T, turbopipes.Observable[T]]("WindowWithTimeOrCount", opt.NotPositive("span", span))
	case n < 1:
		return turbopipes.Invalid[T, turbopipes.Observable[T]]("WindowWithTimeOrCount", opt.TooSmall("n", n, 1))
	case bad != "":
		return turbopipes.Invalid[T, turbopipes.Observable[T]]("WindowWithTimeOrCount", bad)
	}
	return turbopipes.Lift(own.Mark+"WindowWithTimeOrCount", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.Observable[T]) bool) (err error) {
		s := split.Open[struct{}](ctx, splitConfig[T]("WindowWithTimeOrCount", o.Queue, 1))
		defer s.Close(&err)
		w := openWindow[T]{split: s, born: time.Now(), clock: time.NewTimer(span)}
		w.ends = func(begin time.Duration) time.Duration { return alarm.After(begin, span) }
		defer w.clock.Stop()
		s.Scope.Go(w.tick)
		var filling *split.Part[struct{}, T]
		filled := 0
		s.Start(in.Push, func(v T) bool {
			p := w.put(v)
			if p == nil {
				return false
			}
			if p != filling {
				filling, filled = p, 0
			}
			if filled++; filled == n {
				w.close(p)
				filling = nil
			}
			return true
		})
		emitWindows(s, emit)
		return nil
	})
}
