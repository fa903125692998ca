package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ZipAll collects the streams that upstream emits until upstream completes. It then
// emits their first items as one slice, then their second items, and so on.
//
//	in:    ab|          two streams:
//	a:     p--q-r---|
//	b:     -x------y-|
//	out:   ---{px}------{qy}-|
//
// Emits when every stream has an item that is not in a slice yet. The items are in
// the order in which the streams arrived. Downstream owns each slice. Fails when
// upstream fails, before the streams begin, or when a stream fails: the others are
// cancelled and reaped first. Completes when a stream has completed and has no item
// left, at once if that is known. The other streams are then cancelled. Their
// further items are lost, and not counted. If upstream emits no stream, ZipAll
// completes with upstream. A graceful stop ends upstream, and the streams that have
// arrived run to their own end.
//
// All streams are subscribed to at once. Backpressure: a stream waits when it is one
// item ahead. [Buffered] lets each stream read n items further ahead. Memory: the
// streams that upstream emits, one item of each, and the items that were read ahead. At
// an early end, the items that are in no slice count as discarded, and [OnDiscard]
// reports them. A slice that is lost later counts as its items. Goroutines: one per
// stream, joined before ZipAll ends; upstream runs on the subscriber's goroutine.
//
// A zero Observable that comes from upstream is an ErrInvalidArgument. For two
// streams and a function, see [Zip]; for the latest items, see [CombineLatestAll].
// It corresponds to RxJS's zipAll.
func ZipAll[T any](opts ...CombineOption) turbopipes.Operator[turbopipes.Observable[T], []T] {
	o, bad := combineOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[turbopipes.Observable[T], []T]("ZipAll", bad)
	}
	return turbopipes.Lift(own.Mark+"ZipAll", func(ctx context.Context, in turbopipes.Observable[turbopipes.Observable[T]], emit func([]T) bool) (err error) {
		streams, err := collectStreams(ctx, "ZipAll", in)
		if err != nil || len(streams) == 0 {
			return err
		}
		run.NoteSlices[T](run.From(ctx))
		z := openZipAll(ctx, o, streams)
		defer func() { z.close(&err) }()
		for !z.over {
			items, ok := z.next()
			if !ok {
				return z.err()
			}
			if !emit(items) {
				return nil
			}
		}
		return z.failed
	})
}
