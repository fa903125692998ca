package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Merge emits what upstream and the others emit, as it comes.
//
//	a:   a---b---|
//	b:   -x-y--|
//	out: ax-yb---|
//
// Emits when any of the streams does. The order within each is kept. All are
// subscribed at once. Fails when one fails: the others are cancelled and reaped
// first, and what is queued comes out before the failure. Completes when all have.
//
// Backpressure: at most as many items are undelivered as there are streams, of
// whichever streams; what was accepted and not delivered at an early end counts as
// discarded, which [turbopipes.WithLossHook] hears of. Memory: one item per stream.
// Goroutines: one per stream, joined before it ends.
//
// Without others it is the identity. To merge a slice of streams, apply it to
// [turbopipes.Empty]. A zero Observable among others is an ErrInvalidArgument.
// For one after another see [Concat]; for streams that arrive over time,
// [FlatMap]. It corresponds to merge in RxJS, Reactor and RxGo.
func Merge[T any](others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if bad := zeroOther(others); bad != "" {
		return turbopipes.Invalid[T, T]("Merge", bad)
	}
	return turbopipes.Lift(own.Mark+"Merge", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if len(others) == 0 {
			return in.Push(ctx, emit)
		}
		pushes := make([]func(context.Context, func(T) bool) error, 0, len(others)+1)
		pushes = append(pushes, in.Push)
		for _, o := range others {
			pushes = append(pushes, o.Push)
		}
		if outer := handoff.Into(ctx, emit); outer != nil {
			return outer.Spread(ctx, "Merge", pushes)
		}
		fan := handoff.OpenFan[T](ctx, "Merge", 0)
		defer fan.Close(&err)
		for _, push := range pushes {
			fan.Add(push)
		}
		fan.Loop(emit)
		return nil
	})
}
