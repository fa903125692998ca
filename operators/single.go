package operators

import (
	"context"
	"errors"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Single emits the only item for which pred returns true.
//
//	in:  1-a-2-|   pred: letters
//	out: ------(a|)
//
// Emits when upstream completes: the only match. Drops the other items. Fails with
// an ErrTooManyItems at a second match, after upstream was stopped. Fails with an
// ErrNotFound when upstream completes and no item has matched, and with an ErrEmpty
// when upstream completes without an item. These two also come when upstream is
// stopped gracefully. Fails when upstream fails. When Single fails, the match that
// it holds counts as discarded, and so does a second match. [OnDiscard] reports
// both.
//
// With a nil pred, every item matches. Memory: one item. Goroutines: none; pred runs
// on the subscriber's goroutine.
//
// For the first of several matches, see [Find]. It corresponds to single in RxJS and
// Reactor; Reactor's takes no predicate.
func Single[T any](pred func(v T) bool, opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Single", bad)
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"Single", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		var match singleSlot[T]
		verdict := turbopipes.ErrEmpty
		lost := run.Keep[T](run.At(ctx, "Single"), o.Discard)
		defer func() { err = fault.Join(err, lost.Discard(match.all()...)) }()
		var work run.Work[T]
		defer work.Failed(ctx)
		err = in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			matches := pred == nil || pred(v)
			work.Busy = false
			switch {
			case matches && match.full:
				verdict = turbopipes.ErrTooManyItems
				return lost.RefuseFor(verdict, v)
			case matches:
				match.put(v)
				verdict = nil
				return true
			case !match.full:
				verdict = turbopipes.ErrNotFound
			}
			return out.item(v)
		}))
		switch {
		case err != nil && !errors.Is(verdict, turbopipes.ErrTooManyItems):
			return err
		case verdict != nil:
			return fault.Join(fmt.Errorf("%w: Single", verdict), err)
		}
		only, _ := match.take()
		emit(only)
		return nil
	})
}
