package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/split"
)

// WindowWithCount emits windows: streams of n items each.
//
//	in:  a-b-c-d-e-|   n: 2
//	out: x---y---z-|   x: a-b|, y: c-d|, z: e-|
//
// Emits when the first item of a window arrives, so no window is empty. The window
// completes with its n-th item. With [WithStep], a window begins at every step-th item
// instead of every n-th. If that leaves gaps, the items in the gaps are dropped, and
// not counted. Fails and completes with upstream, and the open windows do too, after
// their waiting items. When downstream stops, the open windows complete. When ctx
// ends, they fail with its cause.
//
// A window has a queue of its own, beginning with its first item. It takes one
// subscriber, at any time; a second subscriber gets an ErrAlreadySubscribed. When
// the subscriber leaves, the rest of the window's items is discarded. A complete
// window can be consumed after the end of WindowWithCount. Items that a full queue
// drops, and items that can no longer be delivered, are counted, and [OnDiscard]
// reports them.
//
// Backpressure: the queue of a window has room for all its items, unless
// [turbopipes.WithQueue] sets a smaller size. Upstream waits when downstream has not
// taken the last n/step windows. So windows can be consumed one after another, by
// [ConcatMap], and also at the same time, by [FlatMap]. Memory: n items for each
// window that is not consumed. Goroutines: one, for upstream, joined before
// WindowWithCount ends.
//
// An n below 1 is an ErrInvalidArgument. For slices, see [BufferWithCount]. It
// corresponds to RxJS's windowCount, Reactor's window and RxGo's WindowWithCount.
func WindowWithCount[T any](n int, opts ...WindowWithCountOption) turbopipes.Operator[T, turbopipes.Observable[T]] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, turbopipes.Observable[T]]("WindowWithCount", opt.TooSmall("n", n, 1))
	case bad != "":
		return turbopipes.Invalid[T, turbopipes.Observable[T]]("WindowWithCount", bad)
	case o.Step == 0:
		o.Step = n
	}
	if o.Size == 0 {
		o.Size = n
	}
	atOnce := (n-1)/o.Step + 1
	return turbopipes.Lift(own.Mark+"WindowWithCount", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.Observable[T]) bool) (err error) {
		s := split.Open[struct{}](ctx, splitConfig[T]("WindowWithCount", o.Queue, atOnce))
		defer s.Close(&err)
		open := openWindows[T]{split: s, n: n, step: o.Step}
		s.Start(in.Push, open.put)
		emitWindows(s, emit)
		return nil
	})
}
