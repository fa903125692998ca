package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Repeat subscribes to upstream n times, one run after another.
//
//	in:  a-b-|       each of the runs
//	out: a-b-a-b-|   n: 2
//
// Emits when any of the runs does. A run begins when the run before it has completed
// and is reaped, at once or after [WithDelay]. Fails when a run does. Completes with
// the last run, or with the run in which a graceful stop comes. A graceful stop also
// ends the wait between two runs. Backpressure: upstream's emit is downstream's.
// Memory: none. Goroutines: none; it runs on the subscriber's goroutine.
//
// With an n of 0, Repeat completes without subscribing. With
// [turbopipes.Infinite], there is no last run. Any other negative n is an
// ErrInvalidArgument. To subscribe again after a failure, see [Retry]. It
// corresponds to repeat in RxJS. Reactor's and RxGo's repeat count the additional
// runs, and RxGo's replays recorded items.
func Repeat[T any](n int, opts ...RepeatOption) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(repeatOptions{}, opts)
	switch {
	case n < turbopipes.Infinite:
		return turbopipes.Invalid[T, T]("Repeat", countText(n))
	case bad != "":
		return turbopipes.Invalid[T, T]("Repeat", bad)
	}
	return turbopipes.Lift(own.Mark+"Repeat", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		refused := false
		pass := func(v T) bool {
			refused = !emit(v)
			return !refused
		}
		for left := n; left != 0; {
			if err := in.Push(ctx, pass); err != nil || refused {
				return err
			}
			if left > 0 {
				left--
			}
			if left != 0 && !sleepUnlessStopped(ctx, o.delay) {
				return nil // if ctx has ended, Lift reports it
			}
		}
		return nil
	})
}

// RepeatOption is an option of [Repeat]: [WithDelay] is.
type RepeatOption interface{ opt.Option[repeatOptions] }

type repeatOptions struct{ delay time.Duration }

// WithDelay makes [Repeat] wait for delay between two runs. The wait ends at once when
// ctx does. delay < 0 is an ErrInvalidArgument.
func WithDelay(delay time.Duration) RepeatOption {
	return opt.Func[repeatOptions](func(o *repeatOptions) string {
		o.delay = delay
		return opt.NotNegative("WithDelay", "delay", delay)
	})
}
