package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// FirstOrDefault emits the first item, or d if there is none, and completes.
//
//	in:  -----|   d: x
//	out: -----(x|)
//
// Emits when the first item comes. It then stops upstream, and completes once
// upstream is reaped. When upstream completes without an item, it emits d. Fails
// with upstream, without d. Memory: none. Goroutines: none; it runs on the
// subscriber's goroutine.
//
// For an error instead of d, see [First]; to keep the items after the first,
// [DefaultIfEmpty]. It corresponds to first with a default in RxJS, to next and
// defaultIfEmpty in Reactor, and to RxGo's FirstOrDefault.
func FirstOrDefault[T any](d T) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"FirstOrDefault", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		found := false
		err := in.Push(ctx, func(v T) bool {
			found = true
			emit(v)
			return false
		})
		if err == nil && !found {
			emit(d)
		}
		return err
	})
}
