package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// First emits the first item, and completes.
//
//	in:  --a-b-|
//	out: --(a|)
//
// Emits when the first item comes. It then stops upstream, and completes once
// upstream is reaped. Fails with upstream. Fails with an ErrEmpty when upstream
// completes without an item, also because of a graceful stop. Items that come after
// the end are not counted in [turbopipes.Stats]. Memory: none. Goroutines: none; it
// runs on the subscriber's goroutine.
//
// To emit another item for an empty stream, see [FirstOrDefault]; to complete empty,
// [Take]; for a condition, [Find]. It corresponds to first in RxJS and RxGo, and to
// Reactor's next. RxGo's first and Reactor's next complete empty.
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
