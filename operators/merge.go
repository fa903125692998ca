package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Merge emits the items of upstream and of the others as they arrive.
//
//	a:   a---b---|
//	b:   -x-y--|
//	out: ax-yb---|
//
// Emits when any of the streams does. The order within each stream is kept. All
// streams are subscribed to at once. Fails when a stream fails: the others are
// cancelled and reaped first, and queued items are emitted before the failure.
// Completes when all streams have completed.
//
// Backpressure: at most as many items are undelivered as there are streams; all of
// them may come from one stream. Items that were accepted and not delivered at an
// early end count as discarded, and [turbopipes.WithLossHook] reports them. Memory:
// one item per stream. Goroutines: one per stream, joined before Merge ends.
//
// Without others, Merge lets upstream through unchanged. To merge a slice of
// streams, apply Merge to [turbopipes.Empty]. A zero Observable among others is an
// ErrInvalidArgument. For one stream after another, see [Concat]; for streams that
// arrive over time, see [FlatMap]. It corresponds to merge in RxJS, Reactor and
// RxGo.
func Merge[T any](others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if bad := zeroOtherText(others); bad != "" {
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
