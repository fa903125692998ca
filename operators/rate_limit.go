package operators

import (
	"context"
	"fmt"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// RateLimit delays items so that at most n items are emitted per period. The length
// of the period is per.
//
//	in:  abc------de|   n: 1, per: 3
//	out: a--b--c--d--(e|)
//
// Emits when an item has arrived and a token is available; the item waits for the
// token. In each period n tokens come, evenly spaced. One token can be stored, or as
// many as [WithBurst] sets. The store is full at first. [WithCost] makes items take
// more than one token. Drops nothing. When ctx ends, or the ctx of a graceful stop
// ends, the waiting item counts as discarded, and [OnDiscard] reports it. Fails and
// completes with upstream, after the waiting item was emitted. The wait ends at once
// when ctx does. A graceful stop does not shorten the wait.
//
// Backpressure: upstream's emit waits for the token and for downstream. Memory:
// none. Goroutines: none; it runs on the subscriber's goroutine, and so does
// WithCost's function.
//
// An n below 1, per ≤ 0 or a bad option is an ErrInvalidArgument. To drop items
// instead, see [Throttle] and [Sample]. It corresponds to Pekko's throttle in
// shaping mode, and to Reactor's delayElements, which counts from the last emission.
func RateLimit[T any](n int, per time.Duration, opts ...RateOption) turbopipes.Operator[T, T] {
	o := rateOptions{Burst: 1}
	for _, option := range opts {
		if option == nil {
			return turbopipes.Invalid[T, T]("RateLimit", "an option is nil")
		}
		option.ApplyRate(&o)
	}
	cost, typed := o.Cost.(func(T) int)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, T]("RateLimit", "n is less than 1")
	case per <= 0:
		return turbopipes.Invalid[T, T]("RateLimit", "per is not positive")
	case o.Bad != "":
		return turbopipes.Invalid[T, T]("RateLimit", o.Bad)
	case o.Cost != nil && !typed:
		return turbopipes.Invalid[T, T]("RateLimit", fmt.Sprintf("WithCost's function is a %T, want a %T", o.Cost, cost))
	}
	return turbopipes.Lift(own.Mark+"RateLimit", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		store := newBucket(n, per, o.Burst)
		lost := run.Keep[T](run.At(ctx, "RateLimit"), o.Discard)
		var work run.Work[T]
		defer work.Failed(ctx)
		timer := time.NewTimer(time.Hour)
		timer.Stop() // nothing waits yet
		defer timer.Stop()
		return in.Push(ctx, work.On(func(v T) bool {
			tokens := 1
			if cost != nil {
				work.Busy = true
				tokens = cost(v)
				work.Busy = false
			}
			if wait := store.take(tokens, time.Now()); wait > 0 {
				timer.Reset(wait)
				select {
				case <-timer.C:
				case <-ctx.Done():
					return lost.Refuse(v)
				}
			}
			return emit(v)
		}))
	})
}

// RateOption is an option of [RateLimit].
type RateOption interface{ ApplyRate(*opt.Rate) }

type rateOptions = opt.Rate

type rateOption func(*rateOptions)

func (f rateOption) ApplyRate(o *rateOptions) { f(o) }

// WithBurst makes [RateLimit] store up to b tokens, so that after a pause b items
// may follow one another at once. b < 1 is an ErrInvalidArgument.
func WithBurst(b int) RateOption {
	return rateOption(func(o *rateOptions) {
		if o.Burst = b; b < 1 {
			o.Bad = "WithBurst's b is less than 1"
		}
	})
}

// WithCost makes an item of [RateLimit] take as many tokens as cost says. One that
// takes more than can be in store waits until the store is full, and leaves a debt
// that those behind it wait for. One that takes less than 1 does not wait. A nil
// cost, or one for items of another type, is an ErrInvalidArgument.
func WithCost[T any](cost func(v T) int) RateOption {
	return rateOption(func(o *rateOptions) {
		if o.Cost = cost; cost == nil {
			o.Bad = "WithCost's function is nil"
		}
	})
}
