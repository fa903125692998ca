package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// ZipAll collects the streams that upstream emits until it completes, and then gives
// their first items, as one slice, then their second ones, and so on.
//
//	in:    ab|          two streams:
//	a:     p--q-r---|
//	b:     -x------y-|
//	out:   ---{px}------{qy}-|
//
// Emits when every stream has an item that is not in a slice yet; they stand in the
// order in which the streams came. Each slice is downstream's to keep. Fails when
// upstream fails, before the streams begin, or when one of them does: the others are
// cancelled and reaped first. Completes when a stream has completed and has no item
// left, at once where that is known, and without streams with upstream; the others
// are cancelled, and what they have given more is lost. A graceful stop ends
// upstream, and the streams that have come run to their own end.
//
// All streams are subscribed to at once. Backpressure: a stream waits when it is one
// item ahead. Memory: the streams that upstream emits, and an item of each; those in
// no slice at an early end count as discarded. Goroutines: one per stream, joined
// before it ends; upstream runs on the subscriber's.
//
// A zero Observable that comes from upstream is an ErrInvalidArgument. For two
// streams and a function see [Zip]; for the latest items, [CombineLatestAll]. It
// corresponds to RxJS's zipAll.
func ZipAll[T any]() turbopipes.Operator[turbopipes.Observable[T], []T] {
	return turbopipes.Lift("ZipAll", func(ctx context.Context, in turbopipes.Observable[turbopipes.Observable[T]], emit func([]T) bool) (err error) {
		streams, err := collected(ctx, "ZipAll", in)
		if err != nil || len(streams) == 0 {
			return err
		}
		s := scope.Open(ctx, "ZipAll")
		defer s.Close(&err)
		rooms := make([]chan struct{}, len(streams))
		for i := range rooms {
			rooms[i] = make(chan struct{}, 1)
			rooms[i] <- struct{}{}
		}
		z := zipping[T]{row: newRow[T](len(streams)), ended: make([]bool, len(streams))}
		defer func() {
			if !z.over {
				run.From(ctx).Discard(z.row.left())
			}
		}()
		arrivals := arrive(s, streams, rooms)
		for !z.over {
			select {
			case a := <-arrivals:
				items, whole := z.arrived(a)
				if !whole {
					continue
				}
				if !emit(items) {
					return nil
				}
				for _, room := range rooms {
					room <- struct{}{} // empty: its stream has given an item
				}
			case <-s.Ctx.Done():
				return nil
			}
		}
		return nil
	})
}
