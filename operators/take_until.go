package operators

import (
	"context"
	"sync/atomic"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// TakeUntil lets items through until notifier emits, and completes there.
//
//	in:       a-b-c-d-|
//	notifier: ---x
//	out:      a-b|
//
// Emits when an item comes. Fails when upstream or notifier fails. Completes at
// notifier's first item, at once, with upstream cancelled and reaped, or with
// upstream, which cancels notifier. A notifier that completes without an item
// changes nothing. notifier is subscribed first; what it emits in the instant of
// an item may come before it or behind it.
//
// Backpressure: upstream's emit is downstream's; a busy downstream is cut off
// when it is done with its item. Memory: none. Goroutines: one, for notifier,
// joined before it ends.
//
// The zero Observable as notifier is an ErrInvalidArgument. To stop after a while
// see [TakeFor]. It corresponds to RxJS's takeUntil and Reactor's takeUntilOther;
// RxGo's TakeUntil takes a predicate.
func TakeUntil[T, N any](notifier turbopipes.Observable[N], opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	switch {
	case notifier.IsZero():
		return turbopipes.Invalid[T, T]("TakeUntil", "notifier is the zero Observable")
	case bad != "":
		return turbopipes.Invalid[T, T]("TakeUntil", bad)
	}
	return turbopipes.Lift(own.Mark+"TakeUntil", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		s := scope.Open(ctx, "TakeUntil")
		defer s.Close(&err)
		var cut atomic.Bool
		lost := run.Keep[T](s.Stage(), o.Discard)
		s.Upstream(func(ctx context.Context) error {
			return notifier.Push(ctx, func(N) bool {
				s.Complete()
				cut.Store(true)
				s.Stop()
				return false
			})
		}, func(err error) {
			if err != nil {
				cut.Store(true)
				s.Fail(err)
			}
		})
		// Asked again after emit: upstream must not fetch an item to be refused.
		return in.Push(s.Ctx, func(v T) bool {
			if cut.Load() {
				return !s.Completed() && lost.Refuse(v)
			}
			if !emit(v) {
				s.Stop() // the notifier, too, while upstream unwinds
				return false
			}
			return !cut.Load()
		})
	})
}
