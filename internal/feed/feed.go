// Package feed runs an upstream on its own goroutine, so that an operator can select
// on the upstream, a clock, a ctx and other upstreams.
package feed

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Feed is a running upstream. It embeds the Scope of its goroutine. An operator with
// several upstreams shares one Scope among them.
type Feed[T any] struct {
	Scope *scope.Scope
	items chan T
	lost  run.Account[T]
	// counts says whether a refused item counts as lost.
	counts  bool
	refused run.Refused[T]
	err     error // of an upstream of a Band; written before items is closed
}

// Open starts up. Upstream waits with each item until the operator receives it. The
// caller must defer Close. hooks are those of the operator for lost items.
func Open[T any](ctx context.Context, name string, hooks run.Hooks[T], up Push[T]) *Feed[T] {
	return Join(scope.Open(ctx, name), hooks, up)
}

// Join is Open on a Scope that is already open.
func Join[T any](s *scope.Scope, hooks run.Hooks[T], up Push[T]) *Feed[T] {
	f := &Feed[T]{Scope: s, items: make(chan T), lost: hooks.At(s.Stage()), counts: true}
	f.account()
	return start(f, up)
}

// Notify is Join for a notifier. Its items are not items of the stream, so none
// counts as lost.
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

// account makes the Scope's Close account for refused items.
func (f *Feed[T]) account() {
	f.Scope.After(func() error { return f.lost.Discard(f.refused.Take()...) })
}

// hand waits until the operator takes v. If the Scope ends first, v is refused, and
// was never in.
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

// Items returns the channel of upstream's items. It is closed after upstream has
// completed. After a failure, and when ctx is done, it stays open: see Done.
func (f *Feed[T]) Items() <-chan T {
	f.Scope.Settle() // the caller is about to wait
	return f.items
}

// Done is closed when upstream or another task of the Scope has failed, or when ctx
// is done. Close reports which.
func (f *Feed[T]) Done() <-chan struct{} { return f.Scope.Ctx.Done() }
