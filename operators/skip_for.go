package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// SkipFor drops the items of the first while.
//
//	in:  a-b-c-d-|   d: 3
//	out: ----c-d-|
//
// Emits when an item comes d after the subscription or later. Drops the items before.
// Fails and completes with upstream, also before that. The time of an item is that at
// which it is received; there is no timer. What is left out counts nowhere. Memory:
// none. Goroutines: none; it runs inside its subscriber's.
//
// With d ≤ 0 it lets every item through. For the others see [TakeFor]; for a
// count instead of a time, [Skip]. It corresponds to RxJS's skipUntil(timer),
// Reactor's skip(Duration) and Pekko's dropWithin.
func SkipFor[T any](d time.Duration) turbopipes.Operator[T, T] {
	out := leavingOut[T]()
	return turbopipes.Lift(own.Mark+"SkipFor", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		begin, skipping := time.Now(), true
		return in.Push(ctx, func(v T) bool {
			skipping = skipping && time.Since(begin) < d
			if skipping {
				return out.item(v)
			}
			return emit(v)
		})
	})
}
