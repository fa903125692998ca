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
		up := feed.OpenMeet(ctx, "BufferWhen")
		b := openSlice[T]{most: o.MaxItems, empties: o.Empties}
		lost := run.Keep[T](up.Stage(), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() {
			up.Close(&err)
			err = fault.Join(err, lost.Discard(b.left()...))
		}()
		var out []T // to be emitted before the items of b
		var items *feed.Lane[T]
		bounds := feed.LayNotifier(up, func(N) (due bool) {
			out = b.cut()
			return out != nil
		})
		items = feed.Lay(up, discarding[T](o.Loss), 0, func(v T) (due bool) {
			if b.add(v); b.isExtra {
				items.Shut()
			}
			return b.isExtra && bounds.Ended()
		})
		items.Start(in.Push)
		bounds.Start(notifier.Push)
		for {
			if up.Await(nil) == feed.Over { // upstream or notifier has failed, or ctx is done: Close sets err
				if o.FlushOnError && ctx.Err() == nil {
					b.rest(emit)
				}
				return nil
			}
			if full := out; full != nil {
				if out = nil; !emit(full) {
					return nil
				}
			}
			switch {
			case !b.isExtra || !bounds.Ended():
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
			if b.isExtra { // the end of upstream waits for notifier, too
				continue
			}
			if items.Ended() { // upstream has completed
				b.flush(emit)
				return nil
			}
			items.Open()
		}
	})
}
