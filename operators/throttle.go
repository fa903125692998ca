package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Throttle emits an item, and then none for a while.
//
//	in:  abc--d-e--|   d: 4
//	out: a----d----|
//
// Emits when an item comes while no window is open, which opens one of length d.
// Drops what comes in the window. [Trailing] emits the newest item of the window
// at its end as well, which opens the next window; [TrailingOnly] does that and
// does not emit the first item. Fails as soon as upstream fails, without the
// trailing item that waits, which counts as discarded. Completes with upstream;
// where a trailing item waits, when it was emitted at its window's end. So does a
// graceful stop. An item at the end of a window is behind it.
//
// Backpressure: upstream is never held. Windows go on while downstream is busy,
// and of what they give then only the newest waits. Memory: two items.
// Goroutines: one, for upstream, joined before it ends.
//
// d ≤ 0 is an ErrInvalidArgument. To slow items down without losing one, see
// [RateLimit]; to wait for a pause instead, [Debounce]. It corresponds to RxJS's
// throttleTime and Reactor's sampleFirst. Pekko's throttle is RateLimit.
func Throttle[T any](d time.Duration, opts ...ThrottleOption) turbopipes.Operator[T, T] {
	o := throttleOptions{d: d, leading: true, reopens: true}
	for _, opt := range opts {
		if opt == nil {
			return turbopipes.Invalid[T, T]("Throttle", "an option is nil")
		}
		opt.throttle(&o)
	}
	if o.both == 3 {
		return turbopipes.Invalid[T, T]("Throttle", "Trailing and TrailingOnly exclude each other")
	}
	return throttled[T]("Throttle", o)
}

func throttled[T any](name string, o throttleOptions) turbopipes.Operator[T, T] {
	if o.d <= 0 {
		return turbopipes.Invalid[T, T](name, "d is not positive")
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		windows := throttle[T]{throttleOptions: o}
		up := feed.OpenClocked(ctx, name, &windows)
		defer func() {
			up.Close(&err)
			run.Count(ctx, windows.left())
		}()
		up.Start(func(ctx context.Context) error {
			return in.Push(ctx, func(v T) bool {
				return up.Do(func(now time.Time) bool { return windows.item(v, now) })
			})
		}, windows.end)
		up.Loop(ctx, emit)
		return nil
	})
}

// ThrottleOption is an option of [Throttle].
type ThrottleOption interface{ throttle(*throttleOptions) }

type throttleOptions struct {
	d        time.Duration
	leading  bool // the item that opens a window is emitted at once
	trailing bool // the newest of those that are not is emitted at the window's end
	reopens  bool // which opens another window
	both     int  // 1: Trailing was given, 2: TrailingOnly was, 3: both
}

type throttleOption func(*throttleOptions)

func (f throttleOption) throttle(o *throttleOptions) { f(o) }

// Trailing makes [Throttle] emit the newest item of a window at its end as well.
func Trailing() ThrottleOption {
	return throttleOption(func(o *throttleOptions) {
		o.trailing = true
		o.both |= 1
	})
}

// TrailingOnly makes [Throttle] emit nothing but the newest item of each window,
// at its end.
func TrailingOnly() ThrottleOption {
	return throttleOption(func(o *throttleOptions) {
		o.trailing, o.leading = true, false
		o.both |= 2
	})
}
