package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// First gives the first item, and completes.
//
//	in:  --a-b-|
//	out: --(a|)
//
// Emits when the first item comes, and completes right after it, when upstream was
// stopped and reaped. Fails with upstream, or with an ErrEmpty where that completes
// without an item, also when it is stopped gracefully. What comes after the end counts
// nowhere. Memory: none. Goroutines: none; it runs inside its subscriber's.
//
// For another item where there is none see [FirstOrDefault]; to complete empty,
// [Take]; for a condition, [Find]. It corresponds to first in RxJS and RxGo,
// which completes empty, as Reactor's next does.
func First[T any]() turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"First", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		found := false
		err := in.Push(ctx, func(v T) bool {
			found = true
			emit(v)
			return false
		})
		if err == nil && !found {
			return fmt.Errorf("%w: First", turbopipes.ErrEmpty)
		}
		return err
	})
}
