package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// StartWith gives items first, and then upstream's.
//
//	in:  -----a-b-|   items: xy
//	out: (xy)-a-b-|
//
// Emits when it is subscribed to, all of items, and when upstream emits.
// Upstream is subscribed to behind the last of items. Fails and completes with
// upstream. A graceful stop does not shorten items. Memory: none. Goroutines:
// none; it runs inside its subscriber's.
//
// Without items it is the identity. The slice is not copied: the caller must not
// change it. For items behind the last one see [EndWith]; for another stream in
// front, apply [Concat] to that. It corresponds to startWith in RxJS, Reactor and
// RxGo, and to Pekko's prepend.
func StartWith[T any](items ...T) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"StartWith", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		run.Settle(ctx)
		if !emitAll(ctx, items, emit) {
			return nil
		}
		return in.Push(ctx, emit)
	})
}

// emitAll tells whether it has emitted all of items: emit has not refused one,
// and ctx has not ended.
func emitAll[T any](ctx context.Context, items []T, emit func(T) bool) bool {
	for i, v := range items {
		if i%glance == glance-1 && ctx.Err() != nil || !emit(v) {
			return false
		}
	}
	return true
}
