package turbopipes

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Interval emits 0, 1, 2 … every period, the first item one period after the
// subscription, and never completes.
//
//	out: --0-1-2-3   period: 2
//
// While downstream is busy, all ticks but one are skipped. The numbers stay
// consecutive. A period ≤ 0 is an [ErrInvalidArgument]. Goroutines: none; it runs on
// its subscriber's. It corresponds to RxJS's, Reactor's and RxGo's interval. This
// one is cold: each subscription has its own clock.
func Interval(period time.Duration) Observable[int] {
	if period <= 0 {
		return failing[int](fault.Invalid("Interval", opt.NotPositive("period", period)))
	}
	return leaf("Interval", func(ctx context.Context, emit func(int) bool) error {
		return emitTicks(ctx, period, 0, emit)
	})
}

func emitTicks(ctx context.Context, d time.Duration, from int, emit func(int) bool) error {
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
type TimerOption interface{ opt.Option[timerOptions] }

type timerOptions struct{ period time.Duration } // 0: none

// WithPeriod makes a [Timer] continue with 1, 2 … every period after its first item. A
// period ≤ 0 is an [ErrInvalidArgument].
func WithPeriod(period time.Duration) TimerOption {
	return opt.Func[timerOptions](func(o *timerOptions) string {
		o.period = period
		return opt.Positive("WithPeriod", "period", period)
	})
}

// Timer emits 0, delay after the subscription, and completes. With [WithPeriod] it
// continues instead. With a delay ≤ 0 it emits at once.
//
//	out: ---(0|)   delay: 3
//
// Goroutines: none; it runs on its subscriber's. It corresponds to RxJS's timer and
// Reactor's Mono.delay. RxGo's Timer only completes.
func Timer(delay time.Duration, opts ...TimerOption) Observable[int] {
	o, bad := opt.Gather(timerOptions{}, opts)
	if bad != "" {
		return failing[int](fault.Invalid("Timer", bad))
	}
	return leaf("Timer", func(ctx context.Context, emit func(int) bool) error {
		t := time.NewTimer(delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if !emit(0) || o.period == 0 {
			return nil
		}
		return emitTicks(ctx, o.period, 1, emit)
	})
}
