package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Min emits the least item, as ordered by compare.
//
//	in:  b-a--c-|   compare: the alphabet
//	out: -------(a|)
//
// Emits when upstream completes. If several items are the least, it emits the first
// of them. For an empty stream it emits nothing. Fails with upstream, without an
// item. The item that it holds then counts as discarded, and [OnDiscard] reports it.
// The other items are not counted. Memory: one item. Goroutines: none; compare runs
// on the subscriber's goroutine.
//
// compare returns a negative number when a is less than b, and a positive number
// when a is greater, as cmp.Compare does. A nil compare is an ErrInvalidArgument.
// For the greatest item, see [Max]; for all items in order, see [Sort]. It
// corresponds to min in RxJS and RxGo, and to Reactor's MathFlux.
func Min[T any](compare func(a, b T) int, opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	return extremum("Min", compare, opts)
}

// extremum implements Min and Max.
func extremum[T any](name string, compare func(a, b T) int, opts []turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	switch {
	case compare == nil:
		return turbopipes.Invalid[T, T](name, "compare is nil")
	case bad != "":
		return turbopipes.Invalid[T, T](name, bad)
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		var best singleSlot[T]
		defer func() { err = fault.Join(err, run.Keep[T](run.At(ctx, name), o.Discard).Discard(best.all()...)) }()
		var work run.Work[T]
		defer work.Failed(ctx)
		err = in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			if !best.full || compare(v, best.v) < 0 {
				best.put(v)
			}
			work.Busy = false
			return true
		}))
		if err != nil {
			return err
		}
		if v, found := best.take(); found { // nothing was emitted, so nothing was refused
			emit(v)
		}
		return err
	})
}
