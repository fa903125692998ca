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
	*scope.Scope
	Queue *Queue[T]
	// Drop is given what is dropped, on upstream's goroutine, and what is left, on
	// the subscriber's. It may be nil.
	Drop func(T)

	name     string
	overflow error // of an item that finds no room where it must
	refusal  error // why upstream was refused; of upstream's goroutine
	release  func()
}

// OpenBoundary opens one without an upstream. overflow is what an item that finds
// no room where it must ends the stream with, behind the name. The caller must
// defer Close.
func OpenBoundary[T any](ctx context.Context, name string, capacity int, drop func(T), overflow error) *Boundary[T] {
	b := &Boundary[T]{Scope: scope.Open(ctx, name), Queue: New[T](capacity), Drop: drop, name: name, overflow: overflow}
	b.release = scope.OnDone(b.Ctx, b.Queue.Halt)
	return b
}

// Start runs up. put is given each item, on upstream's goroutine, and tells
// whether upstream may go on. How up ended is told behind the queue, but what its
// clean-up fails with, once it was cancelled, is told at once.
func (b *Boundary[T]) Start(up feed.Push[T], put func(T) bool) {
	b.Run(func(ctx context.Context) error {
		return fault.Join(up(ctx, put), b.refusal)
	}, func(err error) {
		if b.Ctx.Err() != nil {
			b.Fail(err)
			err = nil
		}
		b.Queue.Close(err)
	})
}

// Loop delivers until the queue is closed and empty, ctx is done, or emit
// refuses. It gives how upstream has ended.
func (b *Boundary[T]) Loop(emit func(T) bool) error {
	for {
		v, ok := b.Queue.Next()
		if !ok {
			return b.Queue.Err()
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
	*err = fault.Join(*err, run.Lost(b.Record(), b.Drop, b.Queue.Left()...))
}

// Settle tells what became of an item, and whether upstream may go on.
func (b *Boundary[T]) Settle(lost T, out Outcome) bool {
	switch out {
	case Stored:
		return true
	case Refused:
		return false
	case Overflow:
		b.refusal = fmt.Errorf("%w: %s: downstream is busy", b.overflow, b.name)
	}
	b.refusal = fault.Join(b.refusal, run.Fell(b.Record(), b.Drop, lost))
	return b.refusal == nil
}

// Decouple runs up with a queue of that capacity. full is what a full one does.
func Decouple[T any](ctx context.Context, name string, capacity int, full Full, drop func(T), overflow error, up feed.Push[T], emit func(T) bool) (err error) {
	b := OpenBoundary(ctx, name, capacity, drop, overflow)
	defer b.Close(&err)
	put := b.Queue.Put
	if full == Block {
		b.Queue.lends = true // nobody but the subscriber takes anything
	} else {
		put = func(v T) bool { return b.Settle(b.Queue.Offer(v, full)) }
	}
	b.Start(up, put)
	return b.Loop(emit)
}
