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

// WithSignals makes RunUntilSignal listen to these signals, in place of
// os.Interrupt and syscall.SIGTERM. No signal at all, or a nil one, is an
// [ErrInvalidArgument].
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

// WithSignalsFrom makes RunUntilSignal take its signals from ch, and leave those
// of the process alone. Tests use it, and programs that other means ask to end,
// such as the service manager of Windows. A closed ch sends nothing more. A nil
// ch is an [ErrInvalidArgument].
func WithSignalsFrom(ch <-chan os.Signal) SignalOption {
	return opt.Func[signalOptions](func(o *signalOptions) string {
		o.from = ch
		return opt.NotNil("WithSignalsFrom", "ch", ch == nil)
	})
}

// StopWithin limits the graceful stop: when limit has passed since the first signal,
// RunUntilSignal does what it does at the second one. With 0, the first signal
// ends everything at once. Without StopWithin a stop takes as long as it takes.
// limit < 0 is an [ErrInvalidArgument].
func StopWithin(limit time.Duration) SignalOption {
	return opt.Func[signalOptions](func(o *signalOptions) string {
		o.within, o.limited = limit, true
		return opt.NotNegative("StopWithin", "limit", limit)
	})
}

// RunUntilSignal calls run, and tells it what the signals ask for. It is what a
// main function needs to end well at Ctrl-C:
//
//   - The first signal closes stop. run stops its subscriptions gracefully.
//   - The second signal ends ctx, with [ErrInterrupted] as the cause. run disposes
//     of what still runs.
//   - The third signal has its default effect: the program dies.
//
// [WaitOrStop] does what run has to do. A subscription may run under ctx; the
// second signal then ends it, also where nobody waits for it.
//
//	signals, err := turbopipes.RunUntilSignal(ctx, func(ctx context.Context, stop <-chan struct{}) error {
//		return turbopipes.WaitOrStop(ctx, stop, pages.Subscribe(ctx, observer))
//	}, turbopipes.StopWithin(10*time.Second))
//	if errors.Is(err, turbopipes.ErrInterrupted) {
//		os.Exit(130)
//	}
//
// The signals are os.Interrupt, which is Ctrl-C, and syscall.SIGTERM, on every
// system; [WithSignals] names others. A signal that follows on another within
// 50 ms is the same one, and does not count.
//
// run is called on the caller's goroutine, so a panic or Goexit of run goes
// through. When RunUntilSignal returns, run has returned, the signals have their
// default effect again, and no goroutine of RunUntilSignal is left. What run has
// started is run's to wait for.
//
// It returns the number of signals that counted, 0 to 2, and what run returned,
// as it is. signals > 0 means that the run was interrupted. An error that Is
// ErrInterrupted means that it did not stop in time and was disposed of; exit
// status 130 tells that to a shell. A nil ctx, run or option is an
// [ErrInvalidArgument], and run is not called.
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

// WaitOrStop waits until all of subs have ended. When stop is closed before that,
// it stops those that still run gracefully, all at the same time, as
// [Subscription.Stop] does. When ctx ends, it disposes of them. It is made for
// [RunUntilSignal], and serves wherever a channel tells to stop.
//
// It returns when all that subs have started is reaped: nil, or their errors
// joined, or where ctx has ended first context.Cause(ctx), joined with what else
// they failed with. One that fails does not end the others. It starts no
// goroutine.
//
// Where one subscription feeds another, stop them one after the other, the source
// first, so that nothing between them is lost:
//
//	err := errors.Join(
//		turbopipes.WaitOrStop(ctx, stop, reader),
//		turbopipes.WaitOrStop(ctx, stop, writer))
//
// A nil stop is never closed. From within one of subs, WaitOrStop returns
// [ErrReentrant]. A nil ctx or subscription is an [ErrInvalidArgument]. In neither
// case is anything stopped.
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
		for !s.over() { // asked first, so that what has ended by itself is never disposed of
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

// disposeAll is how WaitOrStop ends when ctx does.
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
