package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/own"
)

// MergePrioritized emits the items of upstream and of the others by priority. If
// several streams have an item, upstream's comes first, and then the item of the
// earlier argument.
//
//	a:   a---b---|
//	b:   -x-y--|
//	out: ax-yb---|
//
// Emits when any of the streams does. The order within each stream is kept. A stream
// that always has an item can hold back all streams of lower priority for ever.
// Fails when a stream fails: the others are cancelled and reaped first. Completes
// when all streams have completed.
//
// All streams are subscribed to at once. Backpressure: at most one item of each
// stream is undelivered. Items that are undelivered at an early end count as
// discarded, and [turbopipes.WithLossHook] reports them. Memory: one item per
// stream. Goroutines: one per stream, joined before MergePrioritized ends.
//
// Without others, MergePrioritized lets upstream through unchanged. A zero
// Observable among others is an ErrInvalidArgument. For a fair share, see [Merge] or
// [Interleave]. It corresponds to Reactor's mergePriority and Pekko's
// mergePrioritized.
func MergePrioritized[T any](others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if bad := zeroOtherText(others); bad != "" {
		return turbopipes.Invalid[T, T]("MergePrioritized", bad)
	}
	return turbopipes.Lift(own.Mark+"MergePrioritized", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if len(others) == 0 {
			return in.Push(ctx, emit)
		}
		p := newPriorityStreams[T](feed.OpenMeet(ctx, "MergePrioritized"), len(others)+1)
		defer func() {
			p.Close(&err)
			err = fault.Join(err, p.lost.Discard(p.left()...))
		}()
		p.lanes[0].Start(in.Push)
		for i, o := range others {
			p.lanes[i+1].Start(o.Push)
		}
		for ctx.Err() == nil {
			switch v, ok := p.first(); {
			case ok:
				if !emit(v) {
					return nil
				}
			case p.Live() == 0, p.Await(nil) == feed.Over:
				return nil
			}
		}
		return nil
	})
}
