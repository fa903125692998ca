package operators

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Retry subscribes to upstream again when upstream fails, up to n times.
//
//	in:  -a-b-#      each of the runs
//	out: -a-b--a-b-#   n: 1
//
// Emits when any of the runs does. Items before a failure stay emitted. Fails with
// the last run's error when n is used up, or when [RetryIf] refuses a retry.
// Completes when a run does. A failed run is reaped before the next run begins, at
// once or after the wait that [WithBackoff] sets.
//
// Retry never retries when downstream has stopped or ctx is done. If the end of ctx,
// or a [Timeout] downstream, ends a wait, Retry fails with the cause, and the last
// failure is joined after it. Once the subscription is being stopped gracefully,
// Retry passes the failure itself on, even if it is waiting. It does not retry an
// ErrInvalidArgument or a panic either, unless RetryIf allows it. Backpressure:
// upstream's emit is downstream's. Memory: none. Goroutines: none; the functions of
// the options run on the subscriber's goroutine.
//
// With an n of 0, Retry never retries. With [turbopipes.Infinite], there is no
// limit. Any other negative n is an ErrInvalidArgument. To continue with
// something else, see [Catch]. It corresponds to retry in RxJS and RxGo, and to
// Reactor's retryWhen with Retry.backoff.
func Retry[T any](n int, opts ...RetryOption) turbopipes.Operator[T, T] {
	o, bad := retryOptionsOf(n, opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Retry", bad)
	}
	return turbopipes.Lift(own.Mark+"Retry", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		attempts := retry{retryOptions: o, began: time.Now()}
		pass := func(v T) bool {
			attempts.item()
			return emit(v)
		}
		for {
			refused, err := turbopipes.Guard(ctx, in, pass)
			if passesBoundary(ctx, refused, err) {
				return err
			}
			wait, again := attempts.failed(err, time.Now())
			switch {
			case !again:
				return err
			case sleepUnlessStopped(ctx, wait):
			case ctx.Err() != nil: // the end of ctx has ended the stream, not the failure
				return fault.CutShort(ctx, err, run.From(ctx).Ended())
			default:
				return err
			}
		}
	})
}

// passesBoundary reports whether an operator that handles errors must pass err on. It must
// when there is no error, when downstream has stopped, when ctx has ended, and when
// the subscription is being stopped gracefully: nothing new begins then.
func passesBoundary(ctx context.Context, refused bool, err error) bool {
	return err == nil || refused || ctx.Err() != nil || stopRequested(ctx)
}

func stopRequested(ctx context.Context) bool {
	select {
	case <-turbopipes.Stopping(ctx):
		return true
	default:
		return false
	}
}

// sleepUnlessStopped waits for d. It reports whether d has passed before ctx ended and before a
// graceful stop.
func sleepUnlessStopped(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		run.Settle(ctx)
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		case <-turbopipes.Stopping(ctx):
		}
	}
	return ctx.Err() == nil && !stopRequested(ctx)
}

// RetryOption is an option of [Retry].
type RetryOption interface{ opt.Option[retryOptions] }

type retryOptions struct {
	count      int
	backoff    func(attempt int, err error) time.Duration
	jitter     float64
	when       func(error) bool
	resetting  bool
	maxElapsed time.Duration // 0: no limit
	tell       func(attempt int, err error, wait time.Duration)
}

// WithBackoff makes [Retry] wait before each attempt, the first one being 1, as
// long as backoff says; [Constant] and [Exponential] make such functions. The
// wait ends at once when ctx does. A nil backoff is an ErrInvalidArgument.
func WithBackoff(backoff func(attempt int, err error) time.Duration) RetryOption {
	return opt.Func[retryOptions](func(o *retryOptions) string {
		o.backoff = backoff
		return opt.NotNil("WithBackoff", "backoff", backoff == nil)
	})
}

// Constant is a back-off that is always wait.
func Constant(wait time.Duration) func(attempt int, err error) time.Duration {
	return func(int, error) time.Duration { return wait }
}

// Exponential is a back-off that begins with first, grows by factor with each
// attempt, and is never more than most. A first or a most that is not positive is no
// wait, whatever the factor; a factor below 1 shrinks it.
func Exponential(first, most time.Duration, factor float64) func(attempt int, err error) time.Duration {
	return func(attempt int, _ error) time.Duration {
		d := float64(first) * math.Pow(factor, float64(attempt-1))
		switch {
		case first <= 0 || most <= 0 || d <= 0:
			return 0
		case !(d < float64(most)): // also where it is NaN or infinite
			return most
		}
		return time.Duration(d)
	}
}

// WithJitter spreads each wait evenly between (1-fraction) and (1+fraction) times the
// back-off. A wait may exceed the most of [Exponential] by that fraction. A fraction
// that is not from 0 to 1 is an ErrInvalidArgument.
func WithJitter(fraction float64) RetryOption {
	return opt.Func[retryOptions](func(o *retryOptions) string {
		if o.jitter = fraction; !(fraction >= 0 && fraction <= 1) {
			return fmt.Sprintf("WithJitter: fraction is %v, want 0 to 1", fraction)
		}
		return ""
	})
}

// RetryIf makes [Retry] call pred for each error, in place of its own rule. A
// nil pred is an ErrInvalidArgument.
func RetryIf(pred func(error) bool) RetryOption {
	return opt.Func[retryOptions](func(o *retryOptions) string {
		o.when = pred
		return opt.NotNil("RetryIf", "pred", pred == nil)
	})
}

// ResetOnItem makes [Retry] count, and back off, from the start again after a
// run that has emitted an item. The time of [WithMaxElapsed] begins anew, too, with
// the failure of that run.
func ResetOnItem() RetryOption {
	return opt.Func[retryOptions](func(o *retryOptions) string {
		o.resetting = true
		return ""
	})
}

// WithMaxElapsed makes [Retry] give up when the next attempt would begin more
// than limit after the subscription, or with [ResetOnItem] more than limit after the
// failure of the last run that has emitted an item. limit ≤ 0 is an ErrInvalidArgument.
func WithMaxElapsed(limit time.Duration) RetryOption {
	return opt.Func[retryOptions](func(o *retryOptions) string {
		o.maxElapsed = limit
		return opt.Positive("WithMaxElapsed", "limit", limit)
	})
}

// OnRetry calls fn before each wait. A nil fn is an ErrInvalidArgument.
func OnRetry(fn func(attempt int, err error, wait time.Duration)) RetryOption {
	return opt.Func[retryOptions](func(o *retryOptions) string {
		o.tell = fn
		return opt.NotNil("OnRetry", "fn", fn == nil)
	})
}

func retryOptionsOf(n int, opts []RetryOption) (o retryOptions, bad string) {
	o = retryOptions{count: n, backoff: Constant(0), when: retryable, tell: func(int, error, time.Duration) {}}
	if n < turbopipes.Infinite {
		return o, countText(n)
	}
	return opt.Gather(o, opts)
}

// countText is the text for a count that is neither Infinite nor at least 0.
func countText(n int) string {
	return opt.TooSmall("n", n, 0) + ", or Infinite"
}

func retryable(err error) bool {
	p := (*turbopipes.PanicError)(nil)
	return !errors.Is(err, turbopipes.ErrInvalidArgument) && !errors.As(err, &p)
}

// jittered returns d spread by the fraction f, or the longest Duration if the result
// is longer than that.
func jittered(d time.Duration, f float64) time.Duration {
	if f == 0 {
		return d
	}
	return scaleDuration(d, 1+f*(2*rand.Float64()-1)) //nolint:gosec // no secret
}

// scaleDuration returns d times by, or the longest Duration if the result is longer than
// that. by is not negative.
func scaleDuration(d time.Duration, by float64) time.Duration {
	if long := float64(d) * by; long < math.MaxInt64 {
		return time.Duration(long)
	}
	return math.MaxInt64
}
