package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// BufferUntilChanged gathers a run of items with equal keys into one slice.
//
//	in:  a-A-b-B-b-a-|   key: the letter
//	out: ----x-----y-(z|)   x: a A, y: b B b, z: a
//
// Emits when an item comes whose key is another than that of the one before it,
// and at completion what is left. Never an empty slice. Fails with upstream; what
// waits is discarded.
//
// A slice that is lost counts as its items, which [OnDiscard] hears of.
// Downstream owns the slices. Backpressure: upstream's emit is downstream's.
// Memory: the items of a run, however long it is. Goroutines: none; key runs on
// the subscriber's.
//
// Keys are compared by ==. One that is not equal to itself, such as NaN, is
// another one each time, and its item has a slice of its own. Keys that can't be
// compared end the stream with a PanicError. A nil key is an ErrInvalidArgument.
// For a stream of each key, wherever its items are, see [GroupBy]. It corresponds
// to Reactor's bufferUntilChanged.
func BufferUntilChanged[T any, K comparable](key func(v T) K, opts ...turbopipes.LossOption) turbopipes.Operator[T, []T] {
	o, bad := lossOptions(opts)
	switch {
	case key == nil:
		return turbopipes.Invalid[T, []T]("BufferUntilChanged", "key is nil")
	case bad != "":
		return turbopipes.Invalid[T, []T]("BufferUntilChanged", bad)
	}
	return turbopipes.Lift(own.Mark+"BufferUntilChanged", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		var b gathering[T]
		var last K
		lost := run.Keep[T](run.At(ctx, "BufferUntilChanged"), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() { err = fault.Join(err, lost.Discard(b.left()...)) }()
		var work run.Work[T]
		defer work.Failed(ctx)
		return flushing(ctx, false, in, work.On(func(v T) bool {
			work.Busy = true
			k := key(v)
			ends := k != last && len(b.items) > 0
			work.Busy = false
			last = k
			if ends {
				return emit(b.next(v))
			}
			b.add(v)
			return true
		}), func(bool) { b.rest(emit) })
	})
}
