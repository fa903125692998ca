package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// SwitchIfEmpty goes on with another stream in the place of an empty one.
//
//	in:  ---|      other: -x-y|
//	out: ----x-y|
//
// Emits when an item comes, and, once upstream has completed without one and is
// reaped, when other does, which is subscribed then. Fails and completes with
// upstream, or with other in its place. A graceful stop reaches both: other's sources
// complete without being called, and its operators flush. Memory: none.
// Goroutines: none; it runs inside its subscriber's.
//
// The zero Observable as other is an ErrInvalidArgument. For a value instead of a
// stream see [DefaultIfEmpty]; for another stream after a failure, [Catch]. It
// corresponds to Reactor's switchIfEmpty and Pekko's orElse.
func SwitchIfEmpty[T any](other turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if other.IsZero() {
		return turbopipes.Invalid[T, T]("SwitchIfEmpty", "other is the zero Observable")
	}
	return turbopipes.Lift(own.Mark+"SwitchIfEmpty", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		found, err := passed(ctx, in, emit)
		if err == nil && !found {
			return other.Push(ctx, emit)
		}
		return err
	})
}
