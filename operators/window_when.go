package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/split"
)

// WindowWhen gives streams of what comes between the items of notifier.
//
//	in:       -a-b---c---d-|
//	notifier: ----x-x--x
//	out:      -x-----y---z-|   x: a-b|, y: c-|, z: d-|
//
// Emits when the first item after an item of notifier comes, so no window is empty; the
// window completes at the next item of notifier. When notifier completes, the
// window that is open, or the next one, lasts until upstream ends. Fails when
// upstream or notifier fails, and completes with upstream, which cancels notifier;
// so does the window that is open then, as with [WindowWithCount], which tells how
// windows are consumed.
//
// Backpressure: notifier is never held; upstream waits while the open window's
// queue is full, until the next item of notifier at the latest ([turbopipes.WithQueue],
// 256 without it; [turbopipes.WithOverflow] drops or fails instead), and while
// another window waits to be taken. Memory: a queue for each window that is not
// consumed. Goroutines: two, for upstream and for notifier, joined before it ends.
//
// The zero Observable as notifier is an ErrInvalidArgument. For slices see [BufferWhen]. It corresponds to window in RxJS
// and Reactor.
func WindowWhen[T, N any](notifier turbopipes.Observable[N], opts ...turbopipes.QueueOption) turbopipes.Operator[T, turbopipes.Observable[T]] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case notifier.IsZero():
		return turbopipes.Invalid[T, turbopipes.Observable[T]]("WindowWhen", "notifier is the zero Observable")
	case bad != "":
		return turbopipes.Invalid[T, turbopipes.Observable[T]]("WindowWhen", bad)
	}
	return turbopipes.Lift(own.Mark+"WindowWhen", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.Observable[T]) bool) (err error) {
		s := split.Open[struct{}](ctx, splitConfig[T]("WindowWhen", o.Queue, 1))
		defer s.Close(&err)
		w := openWindow[T]{split: s}
		s.Upstream(func(ctx context.Context) error {
			return notifier.Push(ctx, func(N) bool {
				w.close(nil)
				return ctx.Err() == nil
			})
		}, s.Failed)
		s.Start(in.Push, func(v T) bool { return w.put(v) != nil })
		handOut(s, emit)
		return nil
	})
}
