package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Prefetch lets upstream work up to n items ahead of downstream, on a goroutine
// of its own.
//
//	in:  a-b-c-|   n: 2
//	out: a-b-c-|
//
// Emits when downstream is free and an item waits. What waits is delivered before
// a completion or an error. Fails and completes with upstream. Backpressure:
// upstream waits while n items do; what is left at an early end is counted as
// discarded. Memory: n items. Goroutines: one, for upstream, joined before it
// ends.
//
// An n below 1 is an ErrInvalidArgument. It is [ObserveOn] with a queue of n. It
// corresponds to Reactor's publishOn(prefetch) and Pekko's buffer.
func Prefetch[T any](n int) turbopipes.Operator[T, T] {
	if n < 1 {
		return turbopipes.Invalid[T, T]("Prefetch", opt.TooSmall("n", n, 1))
	}
	return observeOn[T]("Prefetch", opt.Queue{Size: n})
}
