package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// BufferUntilChanged collects adjacent items with equal keys into one slice.
//
//	in:  a-A-b-B-b-a-|   key: the letter
//	out: ----x-----y-(z|)   x: a A, y: b B b, z: a
//
// Emits when an item comes whose key differs from the key of the item before it: the
// slice before that item. At completion it emits the last slice. A slice is never
// empty. Fails with upstream; items that wait are discarded.
//
// A lost slice counts as its items, and [OnDiscard] is called for each of them.
// Downstream owns the slices. Backpressure: upstream's emit calls downstream's, so
// upstream waits while downstream is busy. Memory: the items of one slice, without a
// limit. Goroutines: none; key runs on the subscriber's goroutine.
//
// Keys are compared with ==. A key that is not equal to itself, such as NaN, is a
// new key each time, and its item gets a slice of its own. Keys that can't be
// compared end the stream with a PanicError. A nil key function is an
// ErrInvalidArgument. For one stream for each key, also if its items are not
// adjacent, see [GroupBy]. It corresponds to Reactor's bufferUntilChanged.
func BufferUntilChanged[T any, K comparable](key func(v T) K, opts ...turbopipes.LossOption) turbopipes.Operator[T, []T] {
	o, bad := lossOptions(opts)
	switch {
	case key == nil:
		return turbopipes.Invalid[T, []T]("BufferUntilChanged", "key is nil")
	case bad != "":
		return turbopipes.Invalid[T, []T]("BufferUntilChanged", bad)
	}
	return turbopipes.Lift(own.Mark+"BufferUntilChanged", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		var b openSlice[T]
		var last K
		lost := run.Keep[T](run.At(ctx, "BufferUntilChanged"), o.Discard)
		run.NoteSlices[T](lost.Record())
		defer func() { err = fault.Join(err, lost.Discard(b.left()...)) }()
		var work run.Work[T]
		defer work.Failed(ctx)
		return runBuffer(ctx, false, in, work.On(func(v T) bool {
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
