package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Repeat subscribes to upstream count times, one after another.
//
//	in:  a-b-|       each of the runs
//	out: a-b-a-b-|   count: 2
//
// Emits when any of the runs does. A run begins when the one before it has
// completed and is reaped, at once or after [WithDelay]. Fails when a run does.
// Completes with the last run, or with the one that a graceful stop comes in, which
// also ends a wait. Backpressure: upstream's emit is downstream's. Memory: none.
// Goroutines: none; it runs inside its subscriber's.
//
// With a count of 0 it completes without subscribing, and with
// [turbopipes.Infinite] there is no last run. Another negative count is an
// ErrInvalidArgument. To subscribe again after a failure, see [Retry]. It
// corresponds to repeat in RxJS; that of Reactor and RxGo counts the additional
// runs, and RxGo's replays recorded items.
func Repeat[T any](count int, opts ...RepeatOption) turbopipes.Operator[T, T] {
	var o repeatOptions
	for _, opt := range opts {
		if opt == nil {
			return turbopipes.Invalid[T, T]("Repeat", "an option is nil")
		}
		opt.repeat(&o)
	}
	switch {
	case count < turbopipes.Infinite:
		return turbopipes.Invalid[T, T]("Repeat", "count is negative")
	case o.delay < 0:
		return turbopipes.Invalid[T, T]("Repeat", "WithDelay's duration is negative")
	}
	return turbopipes.Lift(own.Mark+"Repeat", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		refused := false
		pass := func(v T) bool {
			refused = !emit(v)
			return !refused
		}
		for left := count; left != 0; {
			if err := in.Push(ctx, pass); err != nil || refused {
				return err
			}
			if left > 0 {
				left--
			}
			if left != 0 && !pause(ctx, o.delay) {
				return nil // Lift tells if ctx has ended
			}
		}
		return nil
	})
}

// RepeatOption is an option of [Repeat].
type RepeatOption interface{ repeat(*repeatOptions) }

type repeatOptions struct{ delay time.Duration }

type repeatDelay time.Duration

func (d repeatDelay) repeat(o *repeatOptions) { o.delay = time.Duration(d) }

// WithDelay makes [Repeat] wait for d between two runs. The wait ends at once when
// ctx does. A negative d is an ErrInvalidArgument.
func WithDelay(d time.Duration) RepeatOption { return repeatDelay(d) }
