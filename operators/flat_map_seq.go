package operators

import (
	"context"
	"iter"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
)

// FlatMapSeq emits what the iterators yield that fn makes of the items, one iterator
// after another.
//
//	in:  a---b---|   fn: yields the letter, and the same in upper case
//	out: (aA)(bB)|
//
// Emits when the iterator whose turn it is yields. It is stopped where downstream wants
// no more, and where ctx ends: ctx is looked at for each item that it yields; an iterator
// that blocks can't be interrupted. Fails and completes with upstream. A graceful stop
// ends upstream, and the iterator whose turn it is runs to its end.
//
// Backpressure: upstream waits until the iterator has ended, and that for downstream.
// Memory: none. Goroutines: none; fn and the iterators run on the subscriber's.
//
// A nil fn is an ErrInvalidArgument, and so is a nil iterator that fn returns. For slices
// that are items, see [Unbatch]; for streams made of items, [ConcatMap]. It corresponds to
// Reactor's flatMapIterable and Pekko's mapConcat.
func FlatMapSeq[T, R any](fn func(v T) iter.Seq[R]) turbopipes.Operator[T, R] {
	if fn == nil {
		return turbopipes.Invalid[T, R]("FlatMapSeq", "fn is nil")
	}
	return turbopipes.Lift(own.Mark+"FlatMapSeq", func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		var failed error
		over := false // whatever an iterator does that goes on after a false
		yield := func(r R) bool {
			over = over || ctx.Err() != nil || !emit(r)
			return !over
		}
		err := in.Push(ctx, func(v T) bool {
			seq := fn(v)
			if seq == nil {
				failed = fault.Invalid("FlatMapSeq", "fn has returned a nil iterator, want an iterator")
				return false
			}
			seq(yield)
			return !over
		})
		return fault.Join(failed, err)
	})
}
