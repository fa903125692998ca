// Package feed runs an upstream on its own goroutine, so that an operator can select
// on the upstream, a clock, a ctx and other upstreams.
package feed

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Feed is a running upstream whose items arrive on a channel, for an operator that
// selects on channels of its own, too. Others use an Intake or a Meet, which are
// quicker.
type Feed[T any] struct {
	Scope   *scope.Scope
	items   chan T
	lost    run.Account[T]
	refused run.Refused[T]
}

// Open starts up. Upstream waits with each item until the operator receives it. The
// caller must defer Close. hooks are those of the operator for lost items.
func Open[T any](ctx context.Context, name string, hooks run.Hooks[T], up Push[T]) *Feed[T] {
	s := scope.Open(ctx, name)
	f := &Feed[T]{Scope: s, items: make(chan T), lost: hooks.At(s.Stage())}
	s.After(func() error { return f.lost.Discard(f.refused.Take()...) })
	s.Upstream(func(ctx context.Context) error {
		err := up(ctx, f.hand)
		if err == nil && ctx.Err() == nil {
			close(f.items)
		}
		return err
	}, s.Fail)
	return f
}

// hand waits until the operator takes v. If the Scope ends first, v is refused, and
// was never in.
func (f *Feed[T]) hand(v T) bool {
	select {
	case f.items <- v:
		return true
	case <-f.Scope.Ctx.Done():
		return !f.Scope.Completed() && f.refused.Keep(v)
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
