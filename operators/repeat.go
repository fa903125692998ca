package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Repeat subscribes to upstream count times, one run after another.
//
//	in:  a-b-|       each of the runs
//	out: a-b-a-b-|   count: 2
//
// Emits when any of the runs does. A run begins when the run before it has completed
// and is reaped, at once or after [WithDelay]. Fails when a run does. Completes with
// the last run, or with the run in which a graceful stop comes. A graceful stop also
// ends the wait between two runs. Backpressure: upstream's emit is downstream's.
// Memory: none. Goroutines: none; it runs on the subscriber's goroutine.
//
// With a count of 0, Repeat completes without subscribing. With
// [turbopipes.Infinite], there is no last run. Any other negative count is an
// ErrInvalidArgument. To subscribe again after a failure, see [Retry]. It
// corresponds to repeat in RxJS. Reactor's and RxGo's repeat count the additional
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
				return nil // if ctx has ended, Lift reports it
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
