package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// BufferWhen collects the items between two items of notifier into a slice.
//
//	in:       -a-b---c---d-|
//	notifier: ----x-x--x
//	out:      ----{ab}----{c}---({d}|)
//
// Emits when notifier emits: the items since notifier's last item. At completion it
// emits the items that are left. Empty slices are left out, unless [EmitEmpty] is
// given. When notifier completes, items are collected until upstream ends. Fails
// when upstream or notifier fails. Items that wait are then discarded, or emitted
// before the error with [FlushOnError]. Completes with upstream, which cancels
// notifier.
//
// A lost slice counts as its items, and [OnDiscard] is called for each of them.
// Downstream owns the slices.
//
// Backpressure: upstream and notifier wait while downstream is busy. [WithMaxItems]
// limits a slice, to 65,536 items without it. When a slice is full, one more item is
// accepted, and then upstream waits for notifier's next item. If notifier has
// completed, an item that comes when the slice is full ends the stream with an
// ErrOverflow; at a graceful stop that item is emitted in one more slice. Memory:
// the items of one slice, one more item, and one that upstream waits with.
// Goroutines: two, for upstream and for notifier, joined before the stream ends.
//
// The zero Observable as notifier is an ErrInvalidArgument. For streams instead of
// slices, see [WindowWhen]. It corresponds to buffer in RxJS and Reactor.
func BufferWhen[T, N any](notifier turbopipes.Observable[N], opts ...BufferWithTimeOption) turbopipes.Operator[T, []T] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case notifier.IsZero():
		return turbopipes.Invalid[T, []T]("BufferWhen", "notifier is the zero Observable")
	case bad != "":
		return turbopipes.Invalid[T, []T]("BufferWhen", bad)
	case o.MaxItems == 0:
		o.MaxItems = defaultMaxItems
	}
	return turbopipes.Lift(own.Mark+"BufferWhen", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		b := openSlice[T]{most: o.MaxItems, empties: o.Empties}
		lost := run.Keep[T](run.At(ctx, "BufferWhen"), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() { err = fault.Join(err, lost.Discard(b.left()...)) }()
		up := feed.Open(ctx, "BufferWhen", discarding[T](o.Loss), in.Push)
		defer up.Scope.Close(&err)
		bounds := feed.Notify(up.Scope, notifier.Push).Items()
		for {
			items := up.Items()
			if b.isExtra {
				items = nil
			}
			select {
			case v, more := <-items:
				if !more { // upstream has completed
					b.flush(emit)
					return nil
				}
				b.add(v)
			case _, more := <-bounds:
				if !more {
					bounds = nil
				} else if !b.flush(emit) {
					return nil
				}
			case <-up.Done(): // upstream or notifier has failed, or ctx is done: Close sets err
				if o.FlushOnError && ctx.Err() == nil {
					b.rest(emit)
				}
				return nil
			}
			switch {
			case !b.isExtra || bounds != nil:
			case stopRequested(ctx): // the stop has ended notifier, and upstream except for the item in its hand
				if !b.flush(emit) {
					return nil
				}
			default:
				if o.FlushOnError {
					b.rest(emit)
				}
				return fmt.Errorf("%w: BufferWhen: more than %d items, and no item of notifier to come", turbopipes.ErrOverflow, o.MaxItems)
			}
		}
	})
}
