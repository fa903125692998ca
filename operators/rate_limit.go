package operators

import (
	"context"
	"fmt"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// RateLimit holds items back so that at most n are emitted in each per.
//
//	in:  abc------de|   n: 1, per: 3
//	out: a--b--c--d--(e|)
//
// Emits when an item comes and a token is there, for which it waits. n tokens come
// in each per, evenly; one can be in store, or as many as [WithBurst] says, and the
// store is full at first. [WithCost] makes items take more than one. Drops nothing.
// Fails and completes with upstream, when the item that waits was emitted. The wait
// ends at once when ctx does; a graceful stop leaves it as it is.
//
// Backpressure: upstream's emit waits for the token and for downstream. Memory:
// none. Goroutines: none; it runs inside its subscriber's, and so does WithCost's
// function.
//
// An n below 1, per ≤ 0 or a bad option is an ErrInvalidArgument. To drop items
// instead, see [Throttle] and [Sample]. It corresponds to Pekko's throttle in
// shaping mode, and to Reactor's delayElements, which counts from the last emission.
func RateLimit[T any](n int, per time.Duration, opts ...RateOption) turbopipes.Operator[T, T] {
	o := rateOptions{burst: 1}
	for _, opt := range opts {
		if opt == nil {
			return turbopipes.Invalid[T, T]("RateLimit", "an option is nil")
		}
		opt.rate(&o)
	}
	cost, typed := o.cost.(func(T) int)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, T]("RateLimit", "n is less than 1")
	case per <= 0:
		return turbopipes.Invalid[T, T]("RateLimit", "per is not positive")
	case o.bad != "":
		return turbopipes.Invalid[T, T]("RateLimit", o.bad)
	case o.cost != nil && !typed:
		return turbopipes.Invalid[T, T]("RateLimit", fmt.Sprintf("WithCost's function is a %T, want a %T", o.cost, cost))
	}
	return turbopipes.Lift(own.Mark+"RateLimit", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		store := newBucket(n, per, o.burst)
		timer := time.NewTimer(time.Hour)
		timer.Stop() // nothing waits yet
		defer timer.Stop()
		return in.Push(ctx, func(v T) bool {
			tokens := 1
			if cost != nil {
				tokens = cost(v)
			}
			if wait := store.take(tokens, time.Now()); wait > 0 {
				timer.Reset(wait)
				select {
				case <-timer.C:
				case <-ctx.Done():
					return false
				}
			}
			return emit(v)
		})
	})
}

// RateOption is an option of [RateLimit].
type RateOption interface{ rate(*rateOptions) }

type rateOptions struct {
	burst int
	cost  any // a func(T) int of the items' type
	bad   string
}

type rateOption func(*rateOptions)

func (f rateOption) rate(o *rateOptions) { f(o) }

// WithBurst makes [RateLimit] store up to b tokens, so that after a pause b items
// may follow one another at once. b < 1 is an ErrInvalidArgument.
func WithBurst(b int) RateOption {
	return rateOption(func(o *rateOptions) {
		if o.burst = b; b < 1 {
			o.bad = "WithBurst's b is less than 1"
		}
	})
}

// WithCost makes an item of [RateLimit] take as many tokens as cost says. One that
// takes more than can be in store waits until the store is full, and leaves a debt
// that those behind it wait for. One that takes less than 1 does not wait. A nil
// cost, or one for items of another type, is an ErrInvalidArgument.
func WithCost[T any](cost func(v T) int) RateOption {
	return rateOption(func(o *rateOptions) {
		if o.cost = cost; cost == nil {
			o.bad = "WithCost's function is nil"
		}
	})
}
