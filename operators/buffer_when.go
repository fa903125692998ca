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

// BufferWhen gathers into slices what comes between the items of notifier.
//
//	in:       -a-b---c---d-|
//	notifier: ----x-x--x
//	out:      ----{ab}----{c}---({d}|)
//
// Emits when notifier does, what has come since, and at completion what is left.
// Empty slices are left out, but with [EmitEmpty]. When notifier completes, what
// comes is gathered until upstream ends. Fails when upstream or notifier fails;
// what waits is discarded, or emitted before with [FlushOnError]. Completes with
// upstream, which cancels notifier.
//
// A slice that is lost counts as its items, which [OnDiscard] hears of.
// Downstream owns the slices. Backpressure: upstream and notifier wait while
// downstream is busy; upstream waits, too, at the second item beyond a slice's most,
// until notifier's next item ([WithMaxItems], 65,536 without it). When notifier has
// completed, an item beyond that ends the stream with an ErrOverflow; at a graceful
// stop it comes out in a further slice. Memory: that many items, one more, and one
// in upstream's hand. Goroutines: two, for upstream and for notifier, joined before
// it ends.
//
// The zero Observable as notifier is an ErrInvalidArgument. For
// streams instead of slices see [WindowWhen]. It corresponds to buffer in RxJS and
// Reactor.
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
		b := gathering[T]{most: o.MaxItems, empties: o.Empties}
		lost := run.Keep[T](run.At(ctx, "BufferWhen"), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() { err = fault.Join(err, lost.Discard(b.left()...)) }()
		up := feed.Open(ctx, "BufferWhen", discarding[T](o.Loss), in.Push)
		defer up.Close(&err)
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
			case <-up.Done(): // upstream or notifier has failed, or ctx is done: Close tells
				if o.FlushOnError && ctx.Err() == nil {
					b.rest(emit)
				}
				return nil
			}
			switch {
			case !b.isExtra || bounds != nil:
			case stopping(ctx): // which has ended notifier, and upstream but for what it has in hand
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
