package turbopipes

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/interrupt"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// SignalOption is an option of [RunUntilSignal].
type SignalOption interface{ opt.Option[signalOptions] }

type signalOptions struct {
	signals []os.Signal
	from    <-chan os.Signal
	within  time.Duration
	limited bool // within counts
}

// WithSignals makes RunUntilSignal listen to these signals, instead of os.Interrupt and
// syscall.SIGTERM. No signal at all, or a nil one, is an [ErrInvalidArgument].
func WithSignals(signals ...os.Signal) SignalOption {
	return opt.Func[signalOptions](func(o *signalOptions) string {
		o.signals = signals
		if len(signals) == 0 {
			return "WithSignals: no signal was given, want at least 1"
		}
		for i, s := range signals {
			if s == nil {
				return fmt.Sprintf("WithSignals: signals[%d] is nil", i)
			}
		}
		return ""
	})
}

// WithSignalsFrom makes RunUntilSignal take its signals from ch. The signals of the process
// keep their effect. It is for tests, and for programs that are stopped by other means,
// such as the service manager of Windows. After ch is closed, no more signals come. A nil
// ch is an [ErrInvalidArgument].
func WithSignalsFrom(ch <-chan os.Signal) SignalOption {
	return opt.Func[signalOptions](func(o *signalOptions) string {
		o.from = ch
		return opt.NotNil("WithSignalsFrom", "ch", ch == nil)
	})
}

// StopWithin limits the graceful stop: when limit has passed since the first signal,
// RunUntilSignal acts as at the second signal. With a limit of 0, the first signal ends
// everything at once. Without StopWithin, a stop has no time limit. A limit below 0 is an
// [ErrInvalidArgument].
func StopWithin(limit time.Duration) SignalOption {
	return opt.Func[signalOptions](func(o *signalOptions) string {
		o.within, o.limited = limit, true
		return opt.NotNegative("StopWithin", "limit", limit)
	})
}

// RunUntilSignal calls run, and passes signals on to it. A main function needs it to
// end well at Ctrl-C:
//
//   - The first signal closes stop. run stops its subscriptions gracefully.
//   - The second signal ends ctx, with [ErrInterrupted] as the cause. run disposes of the
//     subscriptions that still run.
//   - The third signal has its default effect: the program dies.
//
// [WaitOrStop] does this for run. A subscription may run under ctx. The second
// signal then ends it, even if nobody waits for it.
//
//	signals, err := turbopipes.RunUntilSignal(ctx, func(ctx context.Context, stop <-chan struct{}) error {
//		return turbopipes.WaitOrStop(ctx, stop, pages.Subscribe(ctx, observer))
//	}, turbopipes.StopWithin(10*time.Second))
//	if errors.Is(err, turbopipes.ErrInterrupted) {
//		os.Exit(130)
//	}
//
// The signals are os.Interrupt, which is Ctrl-C, and syscall.SIGTERM, on every
// system. [WithSignals] sets others. A signal that follows another signal within 50
// ms is the same one, and does not count.
//
// run is called on the caller's goroutine, so a panic or Goexit of run goes through.
// When RunUntilSignal returns, run has returned, the signals have their default
// effect again, and no goroutine of RunUntilSignal is left. run has to wait for
// everything that it has started.
//
// It returns the number of signals that counted, 0 to 2, and run's error, unchanged.
// When signals is above 0, the run was interrupted. When the error Is
// [ErrInterrupted], run did not stop in time and was disposed of; exit status 130
// reports this to a shell. A nil ctx, run or option is an [ErrInvalidArgument], and
// run is not called.
func RunUntilSignal(ctx context.Context, run func(ctx context.Context, stop <-chan struct{}) error, opts ...SignalOption) (signals int, err error) {
	o, bad := opt.Gather(signalOptions{signals: []os.Signal{os.Interrupt, syscall.SIGTERM}}, opts)
	switch {
	case ctx == nil:
		bad = "ctx is nil"
	case run == nil:
		bad = "run is nil"
	}
	if bad != "" {
		return 0, fault.Invalid("RunUntilSignal", bad)
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	w := interrupt.Watch(interrupt.Config{
		Signals: o.signals, From: o.from, Within: o.within, Limited: o.limited,
		End: end, Cause: ErrInterrupted,
	})
	defer func() { signals = w.Close() }()
	return 0, run(ctx, w.Stop)
}

// WaitOrStop waits until all of subs have ended. When stop is closed before that, it
// gracefully stops those that still run, all at the same time, as
// [Subscription.Stop] does. When ctx ends, it disposes of them. It is made for
// [RunUntilSignal], and works for any other channel that means stop.
//
// It returns when everything that subs have started is reaped. It returns nil, or
// the joined errors of subs. If ctx has ended first, it returns context.Cause(ctx),
// joined with other errors of subs. A subscription that fails does not end the
// others. WaitOrStop starts no goroutine.
//
// Where one subscription feeds another, stop them one after the other, the source
// first, so that nothing between them is lost:
//
//	err := errors.Join(
//		turbopipes.WaitOrStop(ctx, stop, reader),
//		turbopipes.WaitOrStop(ctx, stop, writer))
//
// A nil stop is never closed. From within one of subs, WaitOrStop returns
// [ErrReentrant]. A nil ctx or subscription is an [ErrInvalidArgument]. In these
// cases nothing is stopped.
func WaitOrStop(ctx context.Context, stop <-chan struct{}, subs ...*Subscription) error {
	if ctx == nil {
		return fault.Invalid("WaitOrStop", "ctx is nil")
	}
	for i, s := range subs {
		if s == nil {
			return fault.Invalid("WaitOrStop", fmt.Sprintf("subs[%d] is nil", i))
		}
		if !s.over() && s.rec.Inside() {
			return ErrReentrant
		}
	}
	var failed []error
	for i, s := range subs {
		for !s.over() { // checked first, so that a subscription that has ended by itself is never disposed of
			select {
			case <-s.Done():
			case <-stop:
				stop = nil
				for _, other := range subs[i:] {
					other.rec.Stop()
				}
			case <-ctx.Done():
				return disposeAll(ctx, failed, subs[i:])
			}
		}
		failed = append(failed, s.Err())
	}
	return fault.Join(failed...)
}

// disposeAll is the end of WaitOrStop when ctx ends.
func disposeAll(ctx context.Context, failed []error, subs []*Subscription) error {
	for _, s := range subs {
		s.Cancel()
	}
	for _, s := range subs {
		s.Dispose()
		failed = append(failed, s.Err())
	}
	return fault.Join(context.Cause(ctx), fault.Strip(ctx, fault.Join(failed...)))
}
