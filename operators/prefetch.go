package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// Prefetch runs upstream on its own goroutine, and lets it work up to n items ahead
// of downstream.
//
//	in:  a-b-c-|   n: 2
//	out: a-b-c-|
//
// Emits when downstream is free and an item waits. Waiting items are delivered
// before a completion or an error. Fails and completes with upstream. Backpressure:
// upstream waits while n items wait. Items that are left at an early end count as
// discarded, and [turbopipes.WithLossHook] reports them. Memory: n items.
// Goroutines: one, for upstream, joined before Prefetch ends.
//
// An n below 1 is an ErrInvalidArgument. It is [ObserveOn] with a queue of n items.
// It corresponds to Reactor's publishOn(prefetch) and Pekko's buffer.
func Prefetch[T any](n int) turbopipes.Operator[T, T] {
	if n < 1 {
		return turbopipes.Invalid[T, T]("Prefetch", opt.TooSmall("n", n, 1))
	}
	return observeOn[T]("Prefetch", opt.Queue{Size: n})
}
