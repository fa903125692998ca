package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// SkipFor drops the items that arrive within span after the subscription.
//
//	in:  a-b-c-d-|   span: 3
//	out: ----c-d-|
//
// Emits when an item arrives span after the subscription or later. Drops the items
// before, which are not counted. Fails and completes with upstream, also before span
// has passed. The time of an item is the time at which it is received. There is no
// timer. Memory: none. Goroutines: none; it runs on the subscriber's goroutine.
//
// With span ≤ 0, SkipFor lets every item through. For the items that it drops, see
// [TakeFor]; to use a count instead of a time, see [Skip]. It corresponds to RxJS's
// skipUntil(timer), Reactor's skip(Duration) and Pekko's dropWithin.
func SkipFor[T any](span time.Duration) turbopipes.Operator[T, T] {
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"SkipFor", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		begin, skipping := time.Now(), true
		return in.Push(ctx, func(v T) bool {
			skipping = skipping && time.Since(begin) < span
			if skipping {
				return out.item(v)
			}
			return emit(v)
		})
	})
}
