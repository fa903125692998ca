package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
)

// ParallelBy is [Parallel], but items with equal keys run one at a time, in the
// order in which they arrive. Items with different keys run in parallel.
//
//	in:  aab------|   n: 3; the key is the letter; fn takes 3
//	out: ---a-ba--|
//
// Emits when a task has ended, as Parallel does. An item whose key is busy waits
// within the window, and takes no task's place. So a hot key holds others back only
// when the window is full of items that wait for that key. [Buffered] makes the
// window longer. Everything else is as in Parallel, including the options.
//
// key runs on upstream's goroutine. Keys are compared by ==. An item with a key that
// is not equal to itself, such as NaN, waits for no other item. A key that can't be
// hashed ends the stream with a PanicError. Memory: n items, and a map entry for
// each key that has run lately: at most 1024, and those of the items in the window.
// Goroutines: as in Parallel.
//
// An n below 1, a nil key or a nil fn is an ErrInvalidArgument. It corresponds to
// Reactor's groupBy with a flatMap of concatMaps, and to Pekko's
// mapAsyncPartitioned.
func ParallelBy[T any, K comparable, R any](n int, key func(T) K, fn func(ctx context.Context, v T) (R, error), opts ...ParallelOption) turbopipes.Operator[T, R] {
	if key == nil {
		return turbopipes.Invalid[T, R]("ParallelBy", "key is nil")
	}
	return parallel("ParallelBy", n, key, fn, opts)
}
