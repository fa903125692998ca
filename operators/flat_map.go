package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// FlatMap runs the streams that fn makes of the items, at most n at a time, and
// emits what they emit as it comes.
//
//	in:    a-b-----|   n: 2
//	inner: -x--y|      of each item
//	out:   -{ax}-{bx}{ay}-{by}-|
//
// Emits when an inner stream does; the order within each is kept. Fails when
// upstream or an inner stream fails: the others are cancelled and reaped first.
// Completes when upstream and all inner streams have. A graceful stop lets the
// inner streams that run come to their own end.
//
// Backpressure: upstream waits, with one item, while n inner streams run; at most
// as many items are undelivered as inner streams run, of whichever of them, and
// [Buffered] lets more wait.
// What was accepted and not delivered at an early end is discarded: counted, and
// given to [OnDiscard]. Memory: n items. Goroutines: one for upstream and one for
// each inner stream that runs, joined before it ends; fn runs on upstream's.
//
// n may be [turbopipes.Infinite]; with 1, and nothing Buffered, it is
// [ConcatMap]. Another n below 1, or a nil fn, is an ErrInvalidArgument. For
// functions that give one result see [Parallel]; for the newest stream only,
// [SwitchMap]. It corresponds to RxJS's mergeMap and Reactor's flatMap, whose
// limits are none and 256.
func FlatMap[T, R any](n int, fn func(v T) turbopipes.Observable[R], opts ...FlatMapOption) turbopipes.Operator[T, R] {
	return flatMap("FlatMap", n, fn, opts)
}

func flatMap[T, R any](name string, n int, fn func(v T) turbopipes.Observable[R], opts []FlatMapOption) turbopipes.Operator[T, R] {
	o, bad := flatMapOptions(opts)
	switch {
	case n < 1 && n != turbopipes.Infinite:
		return turbopipes.Invalid[T, R](name, "n is less than 1")
	case fn == nil:
		return turbopipes.Invalid[T, R](name, "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, R](name, bad)
	case n == 1 && o.Ahead == 0:
		return concatMap(name, fn)
	}
	return turbopipes.Lift(name, func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) (err error) {
		fan := handoff.OpenFan[R](ctx, name, o.Ahead)
		defer fan.Close(&err, opt.Of[R](o.Discard))
		fan.Run(func(ctx context.Context) error {
			shielded := turbopipes.Shield(ctx)
			free := newSlots(n)
			release := free.release
			return in.Push(ctx, func(v T) bool {
				if !free.take(ctx) || ctx.Err() != nil {
					return false
				}
				inner := fn(v)
				fan.Give(func(_ context.Context, emit func(R) bool) error { return inner.Push(shielded, emit) }, release)
				return ctx.Err() == nil
			})
		})
		fan.Loop(emit)
		return nil
	})
}

// slots lets n through at a time; nil lets all through.
type slots chan struct{}

func newSlots(n int) slots {
	if n == turbopipes.Infinite {
		return nil
	}
	return make(slots, n)
}

// take waits for a slot. false: ctx has ended.
func (s slots) take(ctx context.Context) bool {
	if s == nil {
		return true
	}
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s slots) release() {
	if s != nil {
		<-s
	}
}
