package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// SwitchIfEmpty goes on with another stream in the place of an empty one.
//
//	in:  ---|      alt: -x-y|
//	out: ----x-y|
//
// Emits when an item comes, and, once upstream has completed without one and is
// reaped, when alt does, which is subscribed then. Fails and completes with
// upstream, or with alt in its place. A graceful stop reaches both: alt's sources
// complete without being called, and its operators flush. Memory: none.
// Goroutines: none; it runs inside its subscriber's.
//
// The zero Observable as alt is an ErrInvalidArgument. For a value instead of a
// stream see [DefaultIfEmpty]; for another stream after a failure, [Catch]. It
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
