package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// ExhaustMap makes a stream of an item and emits what that emits, and lets no
// other item in until it has ended.
//
//	in:    a--b---c|
//	inner: -x-y|     of each item
//	out:   -{ax}-{ay}----{cx}-{cy}|
//
// Emits when the inner stream does. Drops the items that come while one runs.
// Fails when upstream or the inner stream fails: the other one is cancelled and
// reaped first. Completes when upstream and the last inner stream have. A graceful
// stop lets that one come to its own end.
//
// Backpressure: upstream is never held; the inner stream's emit is downstream's.
// Memory: one item. Goroutines: one, for upstream, joined before it ends; fn and
// the inner streams run on the subscriber's.
//
// A nil fn is an ErrInvalidArgument, and so is a zero Observable that fn returns.
// To end the old stream instead see [SwitchMap]; to hold upstream, [ConcatMap]. It
// corresponds to RxJS's exhaustMap.
func ExhaustMap[T, R any](fn func(v T) turbopipes.Observable[R]) turbopipes.Operator[T, R] {
	if fn == nil {
		return turbopipes.Invalid[T, R]("ExhaustMap", "fn is nil")
	}
	return turbopipes.Lift("ExhaustMap", func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) (err error) {
		s, free := scope.Open(ctx, "ExhaustMap"), handoff.New[T](1)
		release := scope.OnDone(s.Ctx, free.Halt)
		defer func() {
			s.Close(&err)
			release()
			run.From(ctx).Discard(int64(len(free.Left())))
		}()
		s.Run(func(ctx context.Context) error {
			return in.Push(ctx, func(v T) bool { return free.OfferIdle(v) != handoff.Refused })
		}, func(err error) {
			if err != nil {
				s.Fail(err)
				return
			}
			free.Close(nil)
		})
		inner, refused := turbopipes.Shield(s.Ctx), false
		pass := func(r R) bool {
			if s.Ctx.Err() != nil { // upstream has failed
				return false
			}
			if refused = !emit(r); refused {
				s.Stop() // upstream, too, while the inner stream unwinds
			}
			return !refused
		}
		for {
			v, ok := free.Next()
			if !ok {
				return nil
			}
			if err := fn(v).Push(inner, pass); err != nil || refused {
				return err
			}
		}
	})
}
