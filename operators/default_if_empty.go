package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// DefaultIfEmpty emits v if upstream is empty.
//
//	in:  -----|   v: x
//	out: -----(x|)
//
// Emits when an item comes, and, with v, when upstream completes without an item.
// Fails with upstream, without v. Completes with upstream. Memory: none. Goroutines:
// none; it runs on the subscriber's goroutine.
//
// For a stream instead of a value, see [SwitchIfEmpty]; for an error,
// [ThrowIfEmpty]; to stop at the first item, [FirstOrDefault]. It corresponds to
// defaultIfEmpty in RxJS, Reactor and RxGo.
func DefaultIfEmpty[T any](v T) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"DefaultIfEmpty", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		found, err := passThrough(ctx, in, emit)
		if err == nil && !found {
			emit(v)
		}
		return err
	})
}

// passThrough passes the items of in on, and reports whether there was an item.
func passThrough[T any](ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (found bool, err error) {
	err = in.Push(ctx, func(v T) bool {
		found = true
		return emit(v)
	})
	return found, err
}
