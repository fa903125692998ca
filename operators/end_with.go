package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// EndWith emits items after upstream has completed.
//
//	in:  a-b-|    items: xy
//	out: a-b-(xy|)
//
// Emits when upstream does. Once upstream has completed and is reaped, it emits all
// of items, also after a graceful stop. Fails with upstream, without items.
// Completes after the last of them. Memory: none. Goroutines: none; it runs on the
// subscriber's goroutine.
//
// Without items it changes nothing. The slice is not copied: the caller must not
// change it. For items before the first one, see [StartWith]; for another stream at
// the end, [Concat]. It corresponds to RxJS's endWith and Reactor's
// concatWithValues.
func EndWith[T any](items ...T) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"EndWith", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		l, inner := concatLineTo(ctx, emit)
		err := in.Push(inner, l.pass)
		if err == nil && !l.refused {
			emitAll(ctx, items, emit)
		}
		return err
	})
}
