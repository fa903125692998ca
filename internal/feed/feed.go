// Package feed runs an upstream on a goroutine of its own, so that an operator
// can select on it next to a clock, a ctx or another upstream.
package feed

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Push runs a stream: Observable.Push as a value.
type Push[T any] = func(ctx context.Context, emit func(T) bool) error

// Feed is an upstream that runs. It embeds the Scope that its goroutine belongs
// to, which an operator with several upstreams shares among them.
type Feed[T any] struct {
	Scope *scope.Scope
	items chan T
	lost  run.Account[T]
	// counts tells whether an item that is refused is lost.
	counts  bool
	refused run.Refused[T]
	err     error // of an upstream of a Band; written before items is closed
}

// Open starts up. An item is handed over when the operator receives it, and
// upstream waits until then. The caller must defer Close.
// hooks are those of the operator for what is lost.
func Open[T any](ctx context.Context, name string, hooks run.Hooks[T], up Push[T]) *Feed[T] {
	return Join(scope.Open(ctx, name), hooks, up)
}

// Join is Open on a Scope that is open already.
func Join[T any](s *scope.Scope, hooks run.Hooks[T], up Push[T]) *Feed[T] {
	f := &Feed[T]{Scope: s, items: make(chan T), lost: hooks.At(s.Stage()), counts: true}
	f.account()
	return start(f, up)
}

// Notify is Join for a notifier, whose items are no items of the stream: nothing is
// lost with them.
func Notify[T any](s *scope.Scope, up Push[T]) *Feed[T] {
	return start(&Feed[T]{Scope: s, items: make(chan T)}, up)
}

func start[T any](f *Feed[T], up Push[T]) *Feed[T] {
	f.Scope.Upstream(func(ctx context.Context) error {
		err := up(ctx, f.hand)
		if err == nil && ctx.Err() == nil {
			close(f.items)
		}
		return err
	}, f.Scope.Fail)
	return f
}

// account has the Scope's Close account for what was refused.
func (f *Feed[T]) account() {
	f.Scope.After(func() error { return f.lost.Discard(f.refused.Take()...) })
}

// hand waits until the operator takes v. If the Scope ends first, v is refused
// and was never in.
func (f *Feed[T]) hand(v T) bool {
	select {
	case f.items <- v:
		return true
	case <-f.Scope.Ctx.Done():
		if f.counts && !f.Scope.Completed() {
			f.refused.Keep(v)
		}
		return false
	}
}

// Items returns what upstream emits, and is closed when upstream has completed.
// After a failure, and when ctx is done, it stays as it is: see Done.
func (f *Feed[T]) Items() <-chan T {
	f.Scope.Settle() // who asks is about to wait
	return f.items
}

// Done is closed when upstream has failed, something else on the Scope has, or
// ctx is done. Close tells which.
func (f *Feed[T]) Done() <-chan struct{} { return f.Scope.Ctx.Done() }
