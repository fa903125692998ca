package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
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
// Downstream owns the slices. Backpressure: upstream's emit is downstream's.
// Memory: the items of a run, however long it is. Goroutines: none; key runs on
// the subscriber's.
//
// Keys are compared by ==. One that is not equal to itself, such as NaN, is
// another one each time, and its item has a slice of its own. Keys that can't be
// compared end the stream with a PanicError. A nil key is an ErrInvalidArgument.
// For a stream of each key, wherever its items are, see [GroupBy]. It corresponds
// to Reactor's bufferUntilChanged.
func BufferUntilChanged[T any, K comparable](key func(v T) K) turbopipes.Operator[T, []T] {
	if key == nil {
		return turbopipes.Invalid[T, []T]("BufferUntilChanged", "key is nil")
	}
	return turbopipes.Lift(own.Mark+"BufferUntilChanged", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) error {
		var b gathering[T]
		var last K
		defer func() { run.Count(ctx, b.held()) }()
		return flushing(ctx, bufferOptions{}, in, func(v T) bool {
			k := key(v)
			if k != last && !b.rest(emit) {
				return false
			}
			last = k
			b.add(v)
			return true
		}, func() { b.rest(emit) })
	})
}
