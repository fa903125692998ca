package turbopipes

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
)

// Interval emits 0, 1, 2 … every d, the first one d after the subscription, and
// never completes.
//
//	out: --0-1-2-3   d: 2
//
// Ticks that pass while downstream is busy are skipped, but for one; the
// numbers stay consecutive. d ≤ 0 is an [ErrInvalidArgument]. Goroutines: none;
// it runs on its subscriber's. It corresponds to RxJS's, Reactor's and RxGo's
// interval; this one is cold: each subscription has a clock of its own.
func Interval(d time.Duration) Observable[int] {
	if d <= 0 {
		return failing[int](fault.Invalid("Interval", "d is not positive"))
	}
	return leaf("Interval", func(ctx context.Context, emit func(int) bool) error {
		return tick(ctx, d, 0, emit)
	})
}

func tick(ctx context.Context, d time.Duration, from int, emit func(int) bool) error {
	t := time.NewTicker(d)
	defer t.Stop()
	for i := from; ; i++ {
		select {
		case <-t.C:
			if !emit(i) {
				return nil
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// TimerOption is an option of [Timer].
type TimerOption interface{ timer(*timerOptions) }

type timerOptions struct {
	period    time.Duration
	hasPeriod bool
}

type timerPeriod time.Duration

func (p timerPeriod) timer(o *timerOptions) { o.period, o.hasPeriod = time.Duration(p), true }

// WithPeriod makes a [Timer] go on with 1, 2 … every d after its first item. d ≤
// 0 is an [ErrInvalidArgument].
func WithPeriod(d time.Duration) TimerOption { return timerPeriod(d) }

// Timer emits 0, d after the subscription, and completes; with [WithPeriod] it
// goes on instead. d ≤ 0 is at once.
//
//	out: ---(0|)   d: 3
//
// Goroutines: none; it runs on its subscriber's. It corresponds to RxJS's timer
// and Reactor's Mono.delay. RxGo's Timer only completes.
func Timer(d time.Duration, opts ...TimerOption) Observable[int] {
	var o timerOptions
	for _, opt := range opts {
		if opt == nil {
			return failing[int](fault.Invalid("Timer", "an option is nil"))
		}
		opt.timer(&o)
	}
	if o.hasPeriod && o.period <= 0 {
		return failing[int](fault.Invalid("Timer", "the period is not positive"))
	}
	return leaf("Timer", func(ctx context.Context, emit func(int) bool) error {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if !emit(0) || !o.hasPeriod {
			return nil
		}
		return tick(ctx, o.period, 1, emit)
	})
}
