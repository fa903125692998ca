package handoff

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Boundary runs an upstream on its own goroutine, with a queue between upstream and
// the subscriber.
type Boundary[T any] struct {
	Scope *scope.Scope
	Queue *Queue[T]
	// Lost accounts for dropped and refused items on upstream's goroutine, and for
	// items that are left on the subscriber's.
	Lost run.Account[T]

	refused  run.Refused[T]
	name     string
	overflow error // the cause when an item finds no room where it must
	refusal  error // why upstream was refused; only upstream's goroutine uses it
	release  func()
}

// OpenBoundary opens a Boundary without an upstream. If an item finds no room where
// it must, the stream ends with an error that wraps overflow and adds name. The
// caller sets Lost, and must defer Close.
func OpenBoundary[T any](ctx context.Context, name string, capacity int, overflow error) *Boundary[T] {
	b := &Boundary[T]{Scope: scope.Open(ctx, name), Queue: New[T](capacity), name: name, overflow: overflow}
	b.Lost = run.Keep[T](b.Scope.Stage(), nil)
	b.release = scope.OnDone(b.Scope.Ctx, b.Queue.Halt)
	return b
}

// Start runs up. It calls put with each item on upstream's goroutine; put reports
// whether upstream may go on. The end of up is reported after the items in the
// queue. A failure of its clean-up, after it was cancelled, is reported at once.
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

// Loop delivers until the queue is closed and empty, ctx is done, or emit refuses.
// It returns upstream's error.
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

// Close joins upstream and accounts for the items that are left.
func (b *Boundary[T]) Close(err *error) {
	b.Scope.Close(err)
	b.release()
	*err = fault.Join(*err, b.Lost.Discard(append(b.Queue.Left(), b.refused.Take()...)...))
}

// Outcome accounts for the outcome of an offer. It reports whether upstream may go
// on. lost is the item that was dropped or refused.
func (b *Boundary[T]) Outcome(lost T, out Outcome) bool {
	switch out {
	case Stored:
		return true
	case Refused:
		return b.refused.Keep(lost)
	case Dropped:
		if err := b.Lost.Drop(lost); err != nil { // allocates nothing, unlike DropFor
			b.refusal = fault.Join(b.refusal, err)
		}
		return b.refusal == nil
	case Overflowed:
		b.refusal = fmt.Errorf("%w: %s: downstream is busy", b.overflow, b.name)
	}
	b.refusal = fault.Join(b.refusal, b.Lost.DropFor(b.refusal, lost))
	return b.refusal == nil
}

// Decouple runs up with a queue of the given capacity and strategy. Under Fail, the
// error wraps cause.
func Decouple[T any](ctx context.Context, name string, capacity int, overflow Overflow, hooks run.Hooks[T], cause error, up feed.Push[T], emit func(T) bool) (err error) {
	b := OpenBoundary[T](ctx, name, capacity, cause)
	b.Lost = hooks.At(b.Scope.Stage())
	defer b.Close(&err)
	put := b.Put
	if overflow == Block {
		b.Queue.lends = true // only the subscriber takes items out
	} else {
		put = func(v T) bool { return b.Outcome(b.Queue.Offer(v, overflow)) }
	}
	b.Start(up, put)
	return b.Loop(emit)
}
