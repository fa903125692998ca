package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// FirstOrDefault gives the first item, or d where there is none, and completes.
//
//	in:  -----|   d: x
//	out: -----(x|)
//
// Emits when the first item comes, and completes right after it, when upstream
// was stopped and reaped; where upstream completes without an item it emits d
// then. Fails with upstream, without d. Memory: none. Goroutines: none; it runs
// inside its subscriber's.
//
// For an error instead of d see [First]; to keep the items behind the first,
// [DefaultIfEmpty]. It corresponds to first with a default in RxJS, to next and
// defaultIfEmpty in Reactor and to RxGo's FirstOrDefault.
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
