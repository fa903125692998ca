// Package feed runs an upstream on a goroutine of its own, so that an operator
// can select on it next to a clock, a ctx or another upstream.
package feed

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/scope"
)

// Push runs a stream: Observable.Push as a value.
type Push[T any] = func(ctx context.Context, emit func(T) bool) error

// Feed is an upstream that runs. It embeds the Scope that its goroutine belongs
// to, which an operator with several upstreams shares among them.
type Feed[T any] struct {
	*scope.Scope
	items chan T
}

// Open starts up. An item is handed over when the operator receives it, and
// upstream waits until then. The caller must defer Close.
func Open[T any](ctx context.Context, name string, up Push[T]) *Feed[T] {
	return Join(scope.Open(ctx, name), up)
}

// Join is Open on a Scope that is open already.
func Join[T any](s *scope.Scope, up Push[T]) *Feed[T] {
	f := &Feed[T]{Scope: s, items: make(chan T)}
	f.Go(func(ctx context.Context) error {
		err := up(ctx, f.hand)
		if err == nil && ctx.Err() == nil {
			close(f.items)
		}
		return err
	})
	return f
}

// hand waits until the operator takes v. If the Scope ends first, v is refused
// and was never in.
func (f *Feed[T]) hand(v T) bool {
	select {
	case f.items <- v:
		return true
	case <-f.Ctx.Done():
		return false
	}
}

// Items gives what upstream emits, and is closed when it has completed. After a
// failure, and when ctx is done, it stays as it is: see Done.
func (f *Feed[T]) Items() <-chan T { return f.items }

// Done is closed when upstream has failed, something else on the Scope has, or
// ctx is done. Close tells which.
func (f *Feed[T]) Done() <-chan struct{} { return f.Ctx.Done() }
