package operators

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// CircuitBreaker stops subscribing to upstream for a while when upstream keeps
// failing.
//
//	in:  -a-b#      each of the runs
//	out: -a-b#      b is closed; while it is open: #
//
// Emits when an item comes. While b is closed, each subscription runs upstream, and
// b counts the result. b opens after [WithThreshold] failures in a row, or when too
// many runs fail by [WithFailureRate]. While b is open, a subscription fails with an
// ErrCircuitOpen at once, without subscribing to upstream. After [WithCooldown], b
// lets one subscription at a time through, as a trial. If the trial succeeds, b
// closes; if it fails, b opens again. Otherwise it fails and completes with
// upstream.
//
// A run succeeds at its first item, or when it completes without an item. So a
// stream that goes on counts as a success while it runs. A run fails when upstream
// returns an error or panics. A run that fails after its first item counts as a
// failure, and not as a success. The end of ctx, a graceful stop, a downstream that
// leaves and a panic of downstream count as neither. A trial that ends in one of
// these ways before its first item makes room for another trial. A run that began
// before b last opened or closed no longer counts. Memory: none. Goroutines: none;
// it runs on the subscriber's goroutine, and has no timer.
//
// b can be shared: by subscriptions, by operators, and with [Guarded], which guards
// the function of a task. Put a [Timeout] upstream of CircuitBreaker, so that a run
// that hangs counts as a failure, and put a [Retry] downstream. A nil b is an
// ErrInvalidArgument, and so is a b that was made with a bad option. It corresponds
// to the circuit breakers of Pekko and resilience4j.
func CircuitBreaker[T any](b *Breaker) turbopipes.Operator[T, T] {
	if bad := b.invalid(); bad != "" {
		return turbopipes.Invalid[T, T]("CircuitBreaker", bad)
	}
	return turbopipes.Lift(own.Mark+"CircuitBreaker", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		if ctx.Err() != nil { // b must neither refuse this run nor spend a trial on it
			return context.Cause(ctx)
		}
		run, err := b.enter("CircuitBreaker")
		if err != nil {
			return err
		}
		said, begun := saysNothing, false // until Guard has returned, a panic comes from downstream
		defer func() { b.exit(&run, said) }()
		refused, err := turbopipes.Guard(ctx, in, func(v T) bool {
			if !begun {
				begun = true
				b.item(&run)
			}
			return emit(v)
		})
		switch {
		case refused && ctx.Err() == nil: // also when upstream's clean-up has failed
		case err != nil || !stopRequested(ctx):
			said = verdictOn(ctx, err)
		}
		return err
	})
}

// Guarded returns a function that calls fn, guarded by b as [CircuitBreaker] guards
// a stream. While b is open, fn is not called, and the caller gets an
// ErrCircuitOpen. An error, a panic and a Goexit of fn count as failures, and are
// passed on. A call that was cancelled counts as neither success nor failure. If b
// is nil, or was made with a bad option, each call returns an ErrInvalidArgument. If
// fn is nil, Guarded returns nil.
func Guarded[T, R any](b *Breaker, fn func(ctx context.Context, v T) (R, error)) func(ctx context.Context, v T) (R, error) {
	if fn == nil {
		return nil
	}
	bad := b.invalid()
	return func(ctx context.Context, v T) (r R, err error) {
		if bad != "" {
			return r, fault.Invalid("Guarded", bad)
		}
		run, err := b.enter("Guarded")
		if err != nil {
			return r, err
		}
		said := saysFailure // if fn does not return
		defer func() { b.exit(&run, said) }()
		r, err = fn(ctx, v)
		said = verdictOn(ctx, err)
		return r, err
	}
}

// verdict is what a run reports at its end about upstream, or about the guarded
// function.
type verdict int

const (
	saysNothing verdict = iota // the run was cancelled, downstream left, or a panic of downstream cut it short
	saysSuccess
	saysFailure
)

// verdictOn returns the verdict of a run that has ended by itself, or because its
// ctx has.
func verdictOn(ctx context.Context, err error) verdict {
	switch {
	case err == nil:
		return saysSuccess
	case fault.Cut(ctx, err):
		return saysNothing
	}
	return saysFailure
}

// Breaker is a circuit breaker: the state that [CircuitBreaker] and [Guarded] share.
// [NewBreaker] makes it. It is safe for concurrent use, and needs no clean-up.
type Breaker struct {
	bad string

	mu      sync.Mutex // guards circuit; held for a few assignments only
	circuit circuit
}

// NewBreaker makes a closed circuit breaker. It opens after 5 failures in a row, for
// 30 seconds, unless [WithThreshold] and [WithCooldown] say otherwise. With
// [WithFailureRate] it also opens when too many of all runs fail.
func NewBreaker(opts ...BreakerOption) *Breaker {
	c, bad := opt.Gather(circuit{threshold: 5, cooldown: 30 * time.Second}, opts)
	if bad != "" {
		bad = "NewBreaker: " + bad
	}
	return &Breaker{circuit: c, bad: bad}
}

// BreakerOption is an option of [NewBreaker].
type BreakerOption interface{ opt.Option[circuit] }

// WithThreshold makes a Breaker open after n failures in a row. n < 1 is an
// ErrInvalidArgument of whatever uses the Breaker.
func WithThreshold(n int) BreakerOption {
	return opt.Func[circuit](func(c *circuit) string {
		c.threshold = n
		return opt.AtLeast("WithThreshold", "n", n, 1)
	})
}

// WithFailureRate makes a Breaker open, besides after [WithThreshold] failures in a
// row, when of the runs of the last window at least the share rate has failed, and
// there were at least least of them. Runs that say nothing don't count. The window
// slides in steps of a tenth, so it is up to that much shorter; it begins anew when the
// Breaker opens or closes. For the rate alone, set a threshold of math.MaxInt. Unless
// 0 < rate ≤ 1, window > 0 and least ≥ 1 it is an ErrInvalidArgument of whatever uses
// the Breaker.
func WithFailureRate(rate float64, window time.Duration, least int) BreakerOption {
	return opt.Func[circuit](func(c *circuit) string {
		switch c.rate = newFailureRate(rate, window, least); {
		case !(rate > 0 && rate <= 1): // also where it is NaN
			return fmt.Sprintf("WithFailureRate: rate is %v, want more than 0 and at most 1", rate)
		case window <= 0:
			return opt.Positive("WithFailureRate", "window", window)
		}
		return opt.AtLeast("WithFailureRate", "least", least, 1)
	})
}

// WithCooldown makes a Breaker stay open for pause before it lets a trial through.
// pause ≤ 0 is an ErrInvalidArgument of whatever uses the Breaker.
func WithCooldown(pause time.Duration) BreakerOption {
	return opt.Func[circuit](func(c *circuit) string {
		c.cooldown = pause
		return opt.Positive("WithCooldown", "pause", pause)
	})
}

// invalid returns what is wrong with b, or "".
func (b *Breaker) invalid() string {
	switch {
	case b == nil:
		return "b is nil"
	case b.circuit.threshold == 0 && b.bad == "":
		return "b is not made by NewBreaker"
	}
	return b.bad
}

// enter lets a run begin, or returns an error that says why the run may not begin.
// who is the operator that asks.
func (b *Breaker) enter(who string) (run breakerRun, err error) {
	b.mu.Lock()
	run, wait, ok := b.circuit.enter(time.Now())
	b.mu.Unlock()
	switch {
	case ok:
		return run, nil
	case wait == 0:
		return run, fmt.Errorf("%w: %s: a trial is running", turbopipes.ErrCircuitOpen, who)
	}
	return run, fmt.Errorf("%w: %s: no trial for another %v", turbopipes.ErrCircuitOpen, who, wait)
}

// item is called at the first item of a run.
func (b *Breaker) item(run *breakerRun) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.circuit.succeeds(run, time.Now())
}

// exit is called when a run has ended.
func (b *Breaker) exit(run *breakerRun, said verdict) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch said {
	case saysSuccess:
		b.circuit.succeeds(run, time.Now())
	case saysFailure:
		b.circuit.fails(run, time.Now())
	default:
		b.circuit.leaves(run)
	}
}
