package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// SwitchIfEmpty continues with another stream if upstream is empty.
//
//	in:  ---|      other: -x-y|
//	out: ----x-y|
//
// Emits when an item arrives. If upstream completes without an item, other is
// subscribed to once upstream is reaped. SwitchIfEmpty then emits when other does.
// Fails and completes with upstream, or with other if other was subscribed to. A
// graceful stop reaches both streams: other's sources complete without being called,
// and its operators flush. Memory: none. Goroutines: none; it runs on the
// subscriber's goroutine.
//
// The zero Observable as other is an ErrInvalidArgument. To emit a value instead of a
// stream, see [DefaultIfEmpty]; for another stream after a failure, see [Catch]. It
// corresponds to Reactor's switchIfEmpty and Pekko's orElse.
func SwitchIfEmpty[T any](other turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if other.IsZero() {
		return turbopipes.Invalid[T, T]("SwitchIfEmpty", "other is the zero Observable")
	}
	return turbopipes.Lift(own.Mark+"SwitchIfEmpty", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		found, err := passThrough(ctx, in, emit)
		if err == nil && !found {
			return other.Push(ctx, emit)
		}
		return err
	})
}
