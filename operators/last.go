package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Last emits the last item.
//
//	in:  a-b-c-|
//	out: ------(c|)
//
// Emits when upstream completes: the last item. Drops the items before, which are
// not counted in [turbopipes.Stats]. Fails with upstream, without the item that it
// holds. That item counts as discarded, and [OnDiscard] is called for it. Fails with
// an ErrEmpty when upstream completes without an item, also because of a graceful
// stop. Memory: one item. Goroutines: none; it runs on the subscriber's goroutine.
//
// To emit another item for an empty stream, see [LastOrDefault]; for several items,
// or to complete empty, [TakeLast]. It corresponds to last in RxJS, Reactor and
// RxGo. RxGo's completes empty.
func Last[T any](opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Last", bad)
	}
	return turbopipes.Lift(own.Mark+"Last", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		last, found, err := lastItemOf(ctx, "Last", o, in)
		switch {
		case err != nil:
		case found:
			emit(last)
		default:
			err = fmt.Errorf("%w: Last", turbopipes.ErrEmpty)
		}
		return err
	})
}

// lastItemOf returns the last item, if in has completed and has one. If in has failed or
// panics, lastOf counts that item as discarded.
func lastItemOf[T any](ctx context.Context, name string, o opt.Loss, in turbopipes.Observable[T]) (last T, found bool, err error) {
	complete := false
	out := newLeaveOut[T]()
	defer func() {
		if found && !complete {
			err = fault.Join(err, run.Keep[T](run.At(ctx, name), o.Discard).Discard(last))
		}
	}()
	err = in.Push(ctx, func(v T) bool {
		if found {
			out.item(last)
		}
		last, found = v, true
		return true
	})
	complete = err == nil
	return last, found, err
}
