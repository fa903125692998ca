package operators

import (
	"context"
	"fmt"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Timeout fails when upstream emits nothing for d.
//
//	in:  a--b-----c|   d: 4
//	out: a--b---#
//
// Emits when an item arrives. Fails with an ErrTimeout when d has passed without an
// item; upstream is cancelled and reaped first. The time starts at the subscription,
// and again when downstream has finished with an item. So the time that downstream
// takes does not count. [FirstOnly] limits only the wait for the first item, [Total]
// limits the whole run, and [FallbackTo] continues with another stream instead of
// failing. An item that arrives too late counts as discarded, and [OnDiscard]
// reports it. Otherwise fails and completes with upstream. A graceful stop stops the
// clock, and there is no timeout after it.
//
// Backpressure: upstream's emit is downstream's. Memory: none. Goroutines: only the
// timer's.
//
// d ≤ 0 is an ErrInvalidArgument. It corresponds to timeout in RxJS and Reactor, and
// to Pekko's idleTimeout, initialTimeout and completionTimeout.
func Timeout[T any](d time.Duration, opts ...TimeoutOption) turbopipes.Operator[T, T] {
	o, bad := timeoutOptionsOf(d, opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Timeout", bad)
	}
	fallback, typed := o.Fallback.(turbopipes.Observable[T])
	switch {
	case o.Fallback != nil && !typed:
		return turbopipes.Invalid[T, T]("Timeout", fmt.Sprintf("FallbackTo's stream is a %T, want a %T", o.Fallback, fallback))
	case typed && fallback.IsZero():
		return turbopipes.Invalid[T, T]("Timeout", "FallbackTo's stream is the zero Observable")
	}
	return turbopipes.Lift(own.Mark+"Timeout", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		late, refused, err := timed(ctx, o, in, emit)
		if !late || refused || ctx.Err() != nil {
			return err
		}
		if !typed || !fault.OnlyWaited(err) || stopping(ctx) {
			return fault.Join(fmt.Errorf("%w: %s", turbopipes.ErrTimeout, o.Text), err)
		}
		return fallback.Push(ctx, emit)
	})
}

// timed runs in, and reports whether its time was over before it ended.
func timed[T any](ctx context.Context, o timeoutOptions, in turbopipes.Observable[T], emit func(T) bool) (late, refused bool, err error) {
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := newWatch(o, turbopipes.Stopping(ctx), func() { cancel(fault.ErrTimeUp) })
	defer w.stop()
	lost := run.Keep[T](run.At(ctx, "Timeout"), o.Discard)
	err = in.Push(own, func(v T) bool {
		if !w.item() {
			return lost.Refuse(v)
		}
		if !emit(v) {
			refused = true
			return false
		}
		return w.wait()
	})
	late = !w.item()
	w.stop()
	return late, refused, fault.Strip(own, err)
}

// TimeoutOption is an option of [Timeout].
type TimeoutOption interface{ ApplyTimeout(*opt.Timeout) }

type timeoutOptions = opt.Timeout

type timeoutOption func(*timeoutOptions)

func (f timeoutOption) ApplyTimeout(o *timeoutOptions) { f(o) }

// FirstOnly makes [Timeout] wait for the first item only.
func FirstOnly() TimeoutOption { return timeoutOption(func(o *timeoutOptions) { o.FirstOnly = true }) }

// Total makes [Timeout] limit the whole run, with the time that downstream takes.
func Total() TimeoutOption { return timeoutOption(func(o *timeoutOptions) { o.Total = true }) }

// FallbackTo makes [Timeout] go on with o instead of failing, once upstream is
// reaped, unless its clean-up has failed. A stream of another type, or a zero
// one, is an ErrInvalidArgument.
func FallbackTo[T any](o turbopipes.Observable[T]) TimeoutOption {
	return timeoutOption(func(options *timeoutOptions) { options.Fallback = o })
}

func timeoutOptionsOf(d time.Duration, opts []TimeoutOption) (o timeoutOptions, bad string) {
	o.D = d
	for _, option := range opts {
		if option == nil {
			return o, "an option is nil"
		}
		option.ApplyTimeout(&o)
	}
	switch {
	case d <= 0:
		return o, "d is not positive"
	case o.FirstOnly && o.Total:
		return o, "FirstOnly and Total exclude each other"
	case o.FirstOnly:
		o.Text = fmt.Sprintf("no first item within %v", d)
	case o.Total:
		o.Text = fmt.Sprintf("not complete within %v", d)
	default:
		o.Text = fmt.Sprintf("no item within %v", d)
	}
	return o, ""
}
