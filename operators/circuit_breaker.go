package operators

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
)

// CircuitBreaker leaves upstream alone for a while when it keeps failing.
//
//	in:  -a-b#      each of the runs
//	out: -a-b#      b is closed; while it is open: #
//
// Emits when an item comes. While b is closed, a subscription runs upstream, and
// b counts how it ends. After [WithThreshold] failures in a row b is open, and a
// subscription fails with an ErrCircuitOpen at once, without subscribing to
// upstream. [WithCooldown] later one subscription at a time is let through, as a
// trial: its success closes b, its failure opens b again. Fails and completes
// with upstream otherwise.
//
// A failure is an error or a panic of upstream. A completion and a stop from
// downstream are successes. The end of ctx, and a panic of downstream, are
// neither; a trial that ends so makes room for another. A run that began before b
// has opened or closed says nothing about it any more. Memory: none. Goroutines:
// none; it runs inside its subscriber's, and has no timer.
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
		epoch, err := b.enter("CircuitBreaker")
		if err != nil {
			return err
		}
		v := saysNothing // until Guard has returned, what unwinds comes from downstream
		defer func() { b.exit(epoch, v) }()
		refused, err := turbopipes.Guard(ctx, in, emit)
		v = verdictOn(ctx, refused, err)
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
		epoch, err := b.enter("Guarded")
		if err != nil {
			return r, err
		}
		said := saysFailure // if fn does not return
		defer func() { b.exit(epoch, said) }()
		r, err = fn(ctx, v)
		said = verdictOn(ctx, false, err)
		return r, err
	}
}

// verdictOn tells what a run says that has ended by itself, or by its ctx, or by
// downstream.
func verdictOn(ctx context.Context, refused bool, err error) verdict {
	switch {
	case err == nil, refused && ctx.Err() == nil:
		return saysSuccess
	case fault.Strip(ctx, err) == nil:
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
// for 30 seconds, unless [WithThreshold] and [WithCooldown] say otherwise.
func NewBreaker(opts ...BreakerOption) *Breaker {
	b := &Breaker{circuit: circuit{threshold: 5, cooldown: 30 * time.Second}}
	for _, opt := range opts {
		if opt == nil {
			b.bad = "an option of b is nil"
			return b
		}
		opt.breaker(b)
	}
	return b
}

// BreakerOption is an option of [NewBreaker].
type BreakerOption interface{ breaker(*Breaker) }

type breakerOption func(*Breaker)

func (f breakerOption) breaker(b *Breaker) { f(b) }

// WithThreshold makes a Breaker open after k failures in a row. k < 1 is an
// ErrInvalidArgument of whatever uses the Breaker.
func WithThreshold(k int) BreakerOption {
	return breakerOption(func(b *Breaker) {
		if b.circuit.threshold = k; k < 1 {
			b.bad = "WithThreshold's k is less than 1"
		}
	})
}

// WithCooldown makes a Breaker stay open for d before it lets a trial through.
// d ≤ 0 is an ErrInvalidArgument of whatever uses the Breaker.
func WithCooldown(d time.Duration) BreakerOption {
	return breakerOption(func(b *Breaker) {
		if b.circuit.cooldown = d; d <= 0 {
			b.bad = "WithCooldown's duration is not positive"
		}
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
func (b *Breaker) enter(who string) (epoch uint64, err error) {
	b.mu.Lock()
	epoch, wait, ok := b.circuit.enter(time.Now())
	b.mu.Unlock()
	switch {
	case ok:
		return epoch, nil
	case wait == 0:
		return 0, fmt.Errorf("%w: %s: a trial is running", turbopipes.ErrCircuitOpen, who)
	}
	return 0, fmt.Errorf("%w: %s: no trial for another %v", turbopipes.ErrCircuitOpen, who, wait)
}

// exit tells b how the run that has entered in epoch went.
func (b *Breaker) exit(epoch uint64, v verdict) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.circuit.exit(epoch, v, time.Now())
}
