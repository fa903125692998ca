package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// EndWith gives items when upstream has completed.
//
//	in:  a-b-|    items: xy
//	out: a-b-(xy|)
//
// Emits when upstream does, and, once that has completed and is reaped, all of
// items; also after a graceful stop. Fails with upstream, without items.
// Completes behind the last of them. Memory: none. Goroutines: none; it runs
// inside its subscriber's.
//
// Without items it is the identity. The slice is not copied: the caller must not
// change it. For items before the first one see [StartWith]; for another stream
// behind, [Concat]. It corresponds to RxJS's endWith and Reactor's
// concatWithValues.
func EndWith[T any](items ...T) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"EndWith", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		l, inner := lineTo(ctx, emit)
		err := in.Push(inner, l.pass)
		if err == nil && !l.refused {
			emitAll(ctx, items, emit)
		}
		return err
	})
}
