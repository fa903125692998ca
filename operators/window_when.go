package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/split"
)

// WindowWhen emits windows: streams of the items that arrive between two items of
// notifier.
//
//	in:       -a-b---c---d-|
//	notifier: ----x-x--x
//	out:      -x-----y---z-|   x: a-b|, y: c-|, z: d-|
//
// Emits when the first item after an item of notifier arrives, so no window is empty. The
// window completes at the next item of notifier. When notifier completes, the open
// window, or else the next one, lasts until upstream ends. Fails when upstream or
// notifier fails. Completes with upstream, and then cancels notifier. The open
// window fails or completes too, as in [WindowWithCount], which describes how
// windows are consumed and which items [OnDiscard] reports.
//
// Backpressure: notifier is never held. Upstream waits while the queue of the open
// window is full, until notifier emits again at the latest. [turbopipes.WithQueue] sets
// the size of the queue, 256 without it. [turbopipes.WithOverflow] drops items or
// fails instead. Upstream also waits while another window waits to be taken. Memory:
// a queue for each window that is not consumed. Goroutines: two, for upstream and
// for notifier, joined before WindowWhen ends.
//
// The zero Observable as notifier is an ErrInvalidArgument. For slices, see [BufferWhen]. It corresponds to window in RxJS
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
		s.Scope.Upstream(func(ctx context.Context) error {
			return notifier.Push(ctx, func(N) bool {
				w.close(nil)
				return ctx.Err() == nil
			})
		}, s.Failed)
		s.Start(in.Push, func(v T) bool { return w.put(v) != nil })
		emitWindows(s, emit)
		return nil
	})
}
