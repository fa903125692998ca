package operators

import (
	"context"
	"sync/atomic"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// SkipUntil drops items until notifier emits.
//
//	in:       a-b-c-d-|
//	notifier: ---x
//	out:      ----c-d-|
//
// Emits when an item arrives after notifier's first item. notifier is stopped at
// that item. Drops the items before, which are not counted. Fails when upstream or
// notifier fails. An item that arrives after notifier has failed counts as
// discarded, and [OnDiscard] reports it. Completes with upstream, and then cancels
// notifier. If notifier completes without an item, everything is dropped. notifier
// is subscribed to first. If notifier and upstream emit in the same instant,
// notifier's item may come first or second.
//
// Backpressure: upstream's emit is downstream's. Memory: none. Goroutines: one, for
// notifier, joined before SkipUntil ends.
//
// The zero Observable as notifier is an ErrInvalidArgument. To skip by a count or a
// condition, see [Skip] and [SkipWhile]; for the reverse, see [TakeUntil]. It
// corresponds to RxJS's skipUntil and Reactor's skipUntilOther.
func SkipUntil[T, N any](notifier turbopipes.Observable[N], opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	switch {
	case notifier.IsZero():
		return turbopipes.Invalid[T, T]("SkipUntil", "notifier is the zero Observable")
	case bad != "":
		return turbopipes.Invalid[T, T]("SkipUntil", bad)
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"SkipUntil", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		s := scope.Open(ctx, "SkipUntil")
		defer s.Close(&err)
		var open, failed atomic.Bool
		lost := run.Keep[T](s.Stage(), o.Discard)
		s.Upstream(func(ctx context.Context) error {
			return notifier.Push(ctx, func(N) bool {
				open.Store(true)
				return false
			})
		}, func(err error) {
			if err != nil {
				failed.Store(true)
				s.Fail(err)
			}
		})
		// Checked again after emit, so that upstream does not fetch an item that is refused.
		return in.Push(s.Ctx, func(v T) bool {
			if failed.Load() {
				return lost.Refuse(v)
			}
			if !open.Load() {
				out.item(v)
			} else if !emit(v) {
				s.Stop() // stop the notifier too, while upstream unwinds
				return false
			}
			return !failed.Load()
		})
	})
}
