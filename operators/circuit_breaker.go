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

// CircuitBreaker leaves upstream alone for a while when it keeps failing.
//
//	in:  -a-b#      each of the runs
//	out: -a-b#      b is closed; while it is open: #
//
// Emits when an item comes. While b is closed, a subscription runs upstream, and
// b counts how it goes. After [WithThreshold] failures in a row, or when too many
// runs fail by [WithFailureRate], b is open, and a subscription fails with an
// ErrCircuitOpen at once, without subscribing to upstream. [WithCooldown] later one
// subscription at a time is let through, as a trial: its success closes b, its
// failure opens b again. Fails and completes with upstream otherwise.
//
// A success is the first item, so that a stream that goes on says that all is well
// while it runs, or a completion without one. A failure is an error or a panic of
// upstream; a run that fails after its first item is a failure, and no success. The
// end of ctx, a graceful stop, a downstream that leaves and a panic of downstream are
// neither: a trial that ends so before its first item makes room for another. A run
// that began before b has opened or closed says nothing about it any more. Memory:
// none. Goroutines: none; it runs inside its subscriber's, and has no timer.
//
// b is shared: by subscriptions, by operators, and with [Guarded], which guards
// the function of a task. Put a [Timeout] upstream of it, for a run that hangs to
// count, and a [Retry] downstream. A nil b is an ErrInvalidArgument, and so is one
// that was made with a bad option. It corresponds to the circuit breakers of Pekko
// and resilience4j.
func CircuitBreaker[T any](b *Breaker) turbopipes.Operator[T, T] {
	if bad := b.invalid(); bad != "" {
		return turbopipes.Invalid[T, T]("CircuitBreaker", bad)
	}
	return turbopipes.Lift(own.Mark+"CircuitBreaker", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		if ctx.Err() != nil { // b has no say in it, and no trial to lose
			return context.Cause(ctx)
		}
		run, err := b.enter("CircuitBreaker")
		if err != nil {
			return err
		}
		said, begun := saysNothing, false // until Guard has returned, what unwinds comes from downstream
		defer func() { b.exit(&run, said) }()
		refused, err := turbopipes.Guard(ctx, in, func(v T) bool {
			if !begun {
				begun = true
				b.item(&run)
			}
			return emit(v)
		})
		switch {
		case refused && ctx.Err() == nil: // also where its clean-up has failed
		case err != nil || !stopping(ctx):
			said = verdictOn(ctx, err)
		}
		return err
	})
}

// Guarded is fn, guarded by b as [CircuitBreaker] guards a stream: while b is
// open, fn is not called and its caller gets an ErrCircuitOpen. An error, a panic
// and a Goexit of fn are failures, and pass; that it was cancelled says nothing
// about it. A b that is nil, or was made with a bad option, gives an
// ErrInvalidArgument for each item. A nil fn gives nil.
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

// verdict is what a run says at its end about what it has called.
type verdict int

const (
	saysNothing verdict = iota // it was cancelled, or left, or cut short by a panic of downstream
	saysSuccess
	saysFailure
)

// verdictOn tells what a run says that has ended by itself, or by its ctx.
func verdictOn(ctx context.Context, err error) verdict {
	switch {
	case err == nil:
		return saysSuccess
	case fault.Cut(ctx, err):
		return saysNothing
	}
	return saysFailure
}

// Breaker is a circuit breaker, which [NewBreaker] makes: the memory that
// [CircuitBreaker] and [Guarded] share. It is safe for concurrent use, and needs
// no clean-up.
type Breaker struct {
	bad string

	mu      sync.Mutex // guards circuit; held for a few assignments only
	circuit circuit
}

// NewBreaker makes a closed circuit breaker. It opens after 5 failures in a row,
// for 30 seconds, unless [WithThreshold] and [WithCooldown] say otherwise, and with
// [WithFailureRate] also when too many of all runs fail.
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

// invalid tells what is wrong with b.
func (b *Breaker) invalid() string {
	switch {
	case b == nil:
		return "b is nil"
	case b.circuit.threshold == 0 && b.bad == "":
		return "b is not made by NewBreaker"
	}
	return b.bad
}

// enter lets a run begin, or tells whoever asks that it may not.
func (b *Breaker) enter(who string) (run stint, err error) {
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
func (b *Breaker) item(run *stint) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.circuit.succeeds(run, time.Now())
}

// exit is called when a run has ended.
func (b *Breaker) exit(run *stint, said verdict) {
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
