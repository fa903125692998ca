package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Throttle emits an item, and then no item for the length of a window.
//
//	in:  abc--d-e--|   window: 4
//	out: a----d----|
//
// Emits when an item arrives while no window is open. This item opens a window.
// Drops the items that arrive in the window. [WithEdge] with [BothEdges] also emits the
// newest item of the window at its end, which opens the next window. With
// [TrailingEdge], Throttle does the same, but does not emit the first item. Fails as soon as upstream fails,
// without the waiting trailing item, which counts as discarded. [OnDiscard] reports
// this item, and an item that arrives too late. Dropped items are not counted.
// Completes with upstream. If a trailing item waits, completes when it was emitted
// at the end of its window. A graceful stop emits this item at once. An item that
// arrives at the end of a window comes after the window.
//
// Backpressure: upstream is never held. Windows go on while downstream is busy. Of
// the items that they release then, only the newest waits. Memory: two items.
// Goroutines: one, for upstream, joined before Throttle ends.
//
// window ≤ 0 is an ErrInvalidArgument. To slow items down without losing any, see
// [RateLimit]; to wait for a pause instead, see [Debounce]. It corresponds to RxJS's
// throttleTime and Reactor's sampleFirst. Pekko's throttle is RateLimit.
func Throttle[T any](window time.Duration, opts ...ThrottleOption) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(opt.Settings{Edge: int(LeadingEdge)}, opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Throttle", bad)
	}
	edge := Edge(o.Edge)
	plan := throttleOptions{Window: window, Leading: edge&LeadingEdge != 0, Trailing: edge&TrailingEdge != 0, Reopens: true}
	return throttleWith[T]("Throttle", plan, o.Loss)
}

func throttleWith[T any](name string, o throttleOptions, loss opt.Loss) turbopipes.Operator[T, T] {
	if o.Window <= 0 {
		return turbopipes.Invalid[T, T](name, opt.NotPositive("window", o.Window))
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		windows := throttle[T]{throttleOptions: o}
		up := feed.OpenClocked(ctx, name, discarding[T](loss), &windows)
		defer up.Scope.Close(&err)
		up.Start(func(ctx context.Context) error {
			return in.Push(ctx, func(v T) bool {
				return up.Give(v, func() bool { return windows.item(v, up.Now()) })
			})
		}, windows.end)
		up.Loop(ctx, emit)
		return nil
	})
}

// ThrottleOption is an option of [Throttle]: [WithEdge] and [OnDiscard] are.
type ThrottleOption interface{ opt.ThrottleOption }

type throttleOptions struct {
	Window   time.Duration
	Leading  bool // the item that opens a window is emitted at once
	Trailing bool // the newest of those that are not is emitted at the window's end
	Reopens  bool // which opens another window
}
