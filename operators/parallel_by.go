package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
)

// ParallelBy is [Parallel] in which items with equal keys run one at a time, in
// their order of arrival, while different keys run in parallel.
//
//	in:  aab------|   n: 3; the key is the letter; fn takes 3
//	out: ---a-ba--|
//
// Emits when a task has ended, as Parallel does. An item whose key is busy waits
// within the window without taking a task's place, so a hot key holds others
// back only once the window is full of items that wait for it; [Buffered] makes
// it longer. Everything else is as in Parallel, options included.
//
// key runs on upstream's goroutine. Keys are compared by ==. One that is not equal
// to itself, such as NaN, waits for no other. A key that can't be hashed ends the
// stream with a PanicError. Memory: n items, and a map entry for each key that
// runs. Goroutines: as Parallel.
//
// An n below 1, a nil key or a nil fn is an ErrInvalidArgument. It corresponds
// to Reactor's groupBy with a flatMap of concatMaps and Pekko's
// mapAsyncPartitioned.
func ParallelBy[T any, K comparable, R any](n int, key func(T) K, fn func(ctx context.Context, v T) (R, error), opts ...ParallelOption) turbopipes.Operator[T, R] {
	if key == nil {
		return turbopipes.Invalid[T, R]("ParallelBy", "key is nil")
	}
	return parallel("ParallelBy", n, key, fn, opts)
}
