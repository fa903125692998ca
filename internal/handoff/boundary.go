package handoff

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Boundary runs an upstream on a goroutine of its own, with a queue between it
// and the subscriber.
type Boundary[T any] struct {
	Scope *scope.Scope
	Queue *Queue[T]
	// Lost accounts for what is dropped or refused, on upstream's goroutine, and for
	// what is left, on the subscriber's.
	Lost run.Account[T]

	refused  run.Refused[T]
	name     string
	overflow error // of an item that finds no room where it must
	refusal  error // why upstream was refused; of upstream's goroutine
	release  func()
}

// OpenBoundary opens one without an upstream. overflow is what an item that finds
// no room where it must ends the stream with, before the name. The caller sets Lost,
// and must defer Close.
func OpenBoundary[T any](ctx context.Context, name string, capacity int, overflow error) *Boundary[T] {
	b := &Boundary[T]{Scope: scope.Open(ctx, name), Queue: New[T](capacity), name: name, overflow: overflow}
	b.Lost = run.Keep[T](b.Scope.Stage(), nil)
	b.release = scope.OnDone(b.Scope.Ctx, b.Queue.Halt)
	return b
}

// Start runs up. put is called with each item, on upstream's goroutine, and tells
// whether upstream may go on. How up has ended is reported after what is in the
// queue, but what its clean-up fails with, once it was cancelled, at once.
func (b *Boundary[T]) Start(up feed.Push[T], put func(T) bool) {
	b.Scope.Upstream(func(ctx context.Context) error {
		return fault.Join(up(ctx, put), b.refusal)
	}, func(err error) {
		if b.Scope.Ctx.Err() != nil {
			b.Scope.Fail(err)
			err = nil
		}
		b.Queue.Close(err)
	})
}

// Put stores v, or refuses it.
func (b *Boundary[T]) Put(v T) bool { return b.Queue.Put(v) || b.refused.Keep(v) }

// Loop delivers until the queue is closed and empty, ctx is done, or emit
// refuses. It returns how upstream has ended.
func (b *Boundary[T]) Loop(emit func(T) bool) error {
	b.Scope.Settle()
	for {
		v, ok := b.Queue.Next()
		if !ok {
			return b.Queue.End()
		}
		if !emit(v) {
			return nil
		}
	}
}

// Close joins upstream and accounts for what is left.
func (b *Boundary[T]) Close(err *error) {
	b.Scope.Close(err)
	b.release()
	*err = fault.Join(*err, b.Lost.Discard(append(b.Queue.Left(), b.refused.Take()...)...))
}

// Outcome accounts for what became of an item that was offered, and tells whether
// upstream may go on. lost is the item that has fallen or was refused.
func (b *Boundary[T]) Outcome(lost T, out Outcome) bool {
	switch out {
	case Stored:
		return true
	case Refused:
		return b.refused.Keep(lost)
	case Overflow:
		b.refusal = fmt.Errorf("%w: %s: downstream is busy", b.overflow, b.name)
	}
	b.refusal = fault.Join(b.refusal, b.Lost.DropFor(b.refusal, lost))
	return b.refusal == nil
}

// Decouple runs up with a queue of that capacity. full is what a full one does.
func Decouple[T any](ctx context.Context, name string, capacity int, full Full, hooks run.Hooks[T], overflow error, up feed.Push[T], emit func(T) bool) (err error) {
	b := OpenBoundary[T](ctx, name, capacity, overflow)
	b.Lost = hooks.At(b.Scope.Stage())
	defer b.Close(&err)
	put := b.Put
	if full == Block {
		b.Queue.lends = true // nobody but the subscriber takes anything
	} else {
		put = func(v T) bool { return b.Outcome(b.Queue.Offer(v, full)) }
	}
	b.Start(up, put)
	return b.Loop(emit)
}
