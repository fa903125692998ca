package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// StartWith emits items first, and then the items of upstream.
//
//	in:  -----a-b-|   items: xy
//	out: (xy)-a-b-|
//
// Emits when it is subscribed to: all of items. Then it emits when upstream does.
// Upstream is subscribed to after the last of items. Fails and completes with
// upstream. A graceful stop does not shorten items. Memory: none. Goroutines: none;
// it runs on the subscriber's goroutine.
//
// Without items, StartWith lets upstream through unchanged. The slice is not copied,
// so the caller must not change it. For items after upstream's last item, see
// [EndWith]; to put another stream in front, apply [Concat] to that stream. It
// corresponds to startWith in RxJS, Reactor and RxGo, and to Pekko's prepend.
func StartWith[T any](items ...T) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"StartWith", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		run.Settle(ctx)
		if !emitAll(ctx, items, emit) {
			return nil
		}
		return in.Push(ctx, emit)
	})
}

// emitAll emits items. It reports whether it has emitted all of them: it stops when
// emit refuses an item or ctx has ended.
func emitAll[T any](ctx context.Context, items []T, emit func(T) bool) bool {
	for i, v := range items {
		if i%itemsPerCheck == itemsPerCheck-1 && ctx.Err() != nil || !emit(v) {
			return false
		}
	}
	return true
}
