package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Throttle emits an item, and then no item for the time d.
//
//	in:  abc--d-e--|   d: 4
//	out: a----d----|
//
// Emits when an item arrives while no window is open. This item opens a window of
// length d. Drops the items that arrive in the window. [Trailing] also emits the
// newest item of the window at its end, which opens the next window. [TrailingOnly]
// does the same, but does not emit the first item. Fails as soon as upstream fails,
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
// d ≤ 0 is an ErrInvalidArgument. To slow items down without losing any, see
// [RateLimit]; to wait for a pause instead, see [Debounce]. It corresponds to RxJS's
// throttleTime and Reactor's sampleFirst. Pekko's throttle is RateLimit.
func Throttle[T any](d time.Duration, opts ...ThrottleOption) turbopipes.Operator[T, T] {
	o := throttleOptions{D: d, Leading: true, Reopens: true}
	for _, option := range opts {
		if option == nil {
			return turbopipes.Invalid[T, T]("Throttle", "an option is nil")
		}
		option.ApplyThrottle(&o)
	}
	if o.Both == 3 {
		return turbopipes.Invalid[T, T]("Throttle", "Trailing and TrailingOnly exclude each other")
	}
	return throttled[T]("Throttle", o)
}

func throttled[T any](name string, o throttleOptions) turbopipes.Operator[T, T] {
	if o.D <= 0 {
		return turbopipes.Invalid[T, T](name, "d is not positive")
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		windows := throttle[T]{throttleOptions: o}
		up := feed.OpenClocked(ctx, name, discarding[T](o.Loss), &windows)
		defer up.Scope.Close(&err)
		up.Start(func(ctx context.Context) error {
			return in.Push(ctx, func(v T) bool {
				return up.Give(v, func(now time.Time) bool { return windows.item(v, now) })
			})
		}, windows.end)
		up.Loop(ctx, emit)
		return nil
	})
}

// ThrottleOption is an option of [Throttle].
type ThrottleOption interface{ ApplyThrottle(*opt.Throttle) }

type throttleOptions = opt.Throttle

type throttleOption func(*throttleOptions)

func (f throttleOption) ApplyThrottle(o *throttleOptions) { f(o) }

// Trailing makes [Throttle] emit the newest item of a window at its end as well.
func Trailing() ThrottleOption {
	return throttleOption(func(o *throttleOptions) {
		o.Trailing = true
		o.Both |= 1
	})
}

// TrailingOnly makes [Throttle] emit nothing but the newest item of each window,
// at its end.
func TrailingOnly() ThrottleOption {
	return throttleOption(func(o *throttleOptions) {
		o.Trailing, o.Leading = true, false
		o.Both |= 2
	})
}
