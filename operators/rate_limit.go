package operators

import (
	"context"
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
// ends, the waiting item counts as discarded, and [OnDrop] reports it. Fails and
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
func RateLimit[T any](n int, per time.Duration, opts ...RateLimitOption[T]) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(opt.Typed[T]{Burst: 1}, opts)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, T]("RateLimit", opt.TooSmall("n", n, 1))
	case per <= 0:
		return turbopipes.Invalid[T, T]("RateLimit", opt.NotPositive("per", per))
	case bad != "":
		return turbopipes.Invalid[T, T]("RateLimit", bad)
	}
	cost, hooks := o.Cost, dropping(o)
	return turbopipes.Lift(own.Mark+"RateLimit", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		store := newTokenBucket(n, per, o.Burst)
		lost := hooks.At(run.At(ctx, "RateLimit"))
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

// RateLimitOption is an option of [RateLimit]: [WithBurst], [WithCost] and [OnDrop] are.
type RateLimitOption[T any] interface{ opt.RateLimitOption[T] }

type rateLimitSetting[T any] struct {
	opt.Func[opt.Typed[T]]
	opt.ForRateLimit
}

// WithBurst makes [RateLimit] store up to n tokens, so that after a pause n items
// may follow one another at once. n < 1 is an ErrInvalidArgument.
func WithBurst[T any](n int) RateLimitOption[T] {
	return rateLimitSetting[T]{Func: func(s *opt.Typed[T]) string {
		s.Burst = n
		return opt.AtLeast("WithBurst", "n", n, 1)
	}}
}

// WithCost makes an item of [RateLimit] take as many tokens as cost returns. An item
// that takes more than can be in store waits until the store is full, and leaves a debt
// that the items after it wait for. An item that takes less than 1 does not wait. A nil
// cost is an ErrInvalidArgument.
func WithCost[T any](cost func(v T) int) RateLimitOption[T] {
	return rateLimitSetting[T]{Func: func(s *opt.Typed[T]) string {
		s.Cost = cost
		return opt.NotNil("WithCost", "cost", cost == nil)
	}}
}
