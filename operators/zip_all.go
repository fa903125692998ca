package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
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
// item ahead. Memory: the streams that upstream emits, and one item of each. At an
// early end, the items that are in no slice count as discarded, and [OnDiscard]
// reports them. A slice that is lost later counts as its items. Goroutines: one per
// stream, joined before ZipAll ends; upstream runs on the subscriber's goroutine.
//
// A zero Observable that comes from upstream is an ErrInvalidArgument. For two
// streams and a function, see [Zip]; for the latest items, see [CombineLatestAll].
// It corresponds to RxJS's zipAll.
func ZipAll[T any](opts ...turbopipes.LossOption) turbopipes.Operator[turbopipes.Observable[T], []T] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[turbopipes.Observable[T], []T]("ZipAll", bad)
	}
	return turbopipes.Lift(own.Mark+"ZipAll", func(ctx context.Context, in turbopipes.Observable[turbopipes.Observable[T]], emit func([]T) bool) (err error) {
		streams, err := collectStreams(ctx, "ZipAll", in)
		if err != nil || len(streams) == 0 {
			return err
		}
		run.NoteSlices[T](run.From(ctx))
		s := feed.OpenBand(ctx, "ZipAll")
		rooms := make([]chan struct{}, len(streams))
		for i := range rooms {
			rooms[i] = make(chan struct{}, 1)
			rooms[i] <- struct{}{}
		}
		z := zipAllRow[T]{row: newItemRow[T](len(streams)), ended: make([]bool, len(streams))}
		arrivals := runStreams(s.Scope, run.Hooks[T]{Each: o.Discard}, streams, rooms)
		defer func() {
			if z.over && z.failed == nil {
				s.Complete()
			}
			s.Close(&err)
			if !s.Completed() {
				err = fault.Join(err, arrivals.lost.Discard(z.row.left()...))
			}
		}()
		s.Settle()
		for !z.over {
			a, ok := z.next(s, arrivals.ch)
			if !ok {
				return z.failed
			}
			items, whole := z.arrived(a)
			if !whole {
				continue
			}
			if !emit(items) {
				return nil
			}
			for _, room := range rooms {
				room <- struct{}{} // never blocks: the stream's item has emptied the room
			}
		}
		return z.failed
	})
}

// next waits for an arrival. ok is false when ctx has ended. After a stream has
// failed, there is only one reason to go on: an item of that stream may wait in the
// row. next then accepts the items of the other streams as long as these streams are
// about to send them. ok is false if that item is not there, or if no other stream
// is about to send.
func (z *zipAllRow[T]) next(b *feed.Band, arrivals <-chan streamEvent[T]) (a streamEvent[T], ok bool) {
	if z.failed == nil {
		select {
		case a = <-arrivals:
			return a, true
		case <-b.Ctx.Done():
			return a, false
		}
	}
	if !z.row.has[z.broken] {
		return a, false
	}
	return a, b.Linger(func() bool {
		select {
		case a = <-arrivals:
			return true
		default:
			return false
		}
	})
}
