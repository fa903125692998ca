package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// SwitchIfEmpty continues with another stream if upstream is empty.
//
//	in:  ---|      alt: -x-y|
//	out: ----x-y|
//
// Emits when an item arrives. If upstream completes without an item, alt is
// subscribed to once upstream is reaped. SwitchIfEmpty then emits when alt does.
// Fails and completes with upstream, or with alt if alt was subscribed to. A
// graceful stop reaches both streams: alt's sources complete without being called,
// and its operators flush. Memory: none. Goroutines: none; it runs on the
// subscriber's goroutine.
//
// The zero Observable as alt is an ErrInvalidArgument. To emit a value instead of a
// stream, see [DefaultIfEmpty]; for another stream after a failure, see [Catch]. It
// corresponds to Reactor's switchIfEmpty and Pekko's orElse.
func SwitchIfEmpty[T any](alt turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if alt.IsZero() {
		return turbopipes.Invalid[T, T]("SwitchIfEmpty", "alt is the zero Observable")
	}
	return turbopipes.Lift(own.Mark+"SwitchIfEmpty", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		found, err := passed(ctx, in, emit)
		if err == nil && !found {
			return alt.Push(ctx, emit)
		}
		return err
	})
}
