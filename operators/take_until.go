package operators

import (
	"context"
	"sync/atomic"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// TakeUntil lets items through until notifier emits, and then completes.
//
//	in:       a-b-c-d-|
//	notifier: ---x
//	out:      a-b|
//
// Emits when an item arrives. Fails when upstream or notifier fails. An item that
// arrives after notifier has failed counts as discarded, and [OnDiscard] reports it.
// Completes at once at notifier's first item, when upstream was cancelled and
// reaped. Items that arrive after this are not counted. Also completes with
// upstream, and then cancels notifier. A notifier that completes without an item
// changes nothing. notifier is subscribed to first. If notifier and upstream emit in
// the same instant, notifier's item may come first or second.
//
// Backpressure: upstream's emit is downstream's. If downstream is busy when notifier
// emits, the stream ends when downstream has finished with its item. Memory: none.
// Goroutines: one, for notifier, joined before TakeUntil ends.
//
// The zero Observable as notifier is an ErrInvalidArgument. To stop after some time,
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
		// Checked again after emit, so that upstream does not fetch an item that is refused.
		return in.Push(s.Ctx, func(v T) bool {
			if cut.Load() {
				return !s.Completed() && lost.Refuse(v)
			}
			if !emit(v) {
				s.Stop() // stop the notifier too, while upstream unwinds
				return false
			}
			return !cut.Load()
		})
	})
}
