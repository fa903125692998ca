package operators

import (
	"context"
	"iter"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// FlatMapSeq emits the values of the iterator that fn makes of each item, one
// iterator after another.
//
//	in:  a---b---|   fn: yields the letter, and the same in upper case
//	out: (aA)(bB)|
//
// Emits when the iterator whose turn it is yields. The iterator is stopped when
// downstream wants no more items, and when ctx ends. ctx is checked for each value
// that the iterator yields; an iterator that blocks can't be interrupted. A value
// that an iterator yields after the end counts as discarded, and [OnDiscard] is
// called for it. An item counts as failed if fn or its iterator has failed. Fails
// and completes with upstream. A graceful stop ends upstream, and the iterator whose
// turn it is runs to its end.
//
// Backpressure: upstream waits until the iterator has ended, and the iterator waits
// for downstream. Memory: none. Goroutines: none; fn and the iterators run on the
// subscriber's goroutine.
//
// A nil fn is an ErrInvalidArgument, and so is a nil iterator that fn returns. For
// items that are slices, see [Unbatch]; for streams made of items, [ConcatMap]. It
// corresponds to Reactor's flatMapIterable and Pekko's mapConcat.
func FlatMapSeq[T, R any](fn func(v T) iter.Seq[R], opts ...turbopipes.LossOption) turbopipes.Operator[T, R] {
	o, bad := lossOptions(opts)
	switch {
	case fn == nil:
		return turbopipes.Invalid[T, R]("FlatMapSeq", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, R]("FlatMapSeq", bad)
	}
	return turbopipes.Lift(own.Mark+"FlatMapSeq", func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		var failed error
		over := false // stays true, even if an iterator goes on after yield has returned false
		lost := run.Keep[R](run.At(ctx, "FlatMapSeq"), o.Discard)
		var work run.Work[T]
		defer work.Failed(ctx)
		yield := func(r R) bool {
			if over = over || ctx.Err() != nil; over {
				return lost.Refuse(r)
			}
			work.Busy = false
			over = !emit(r)
			work.Busy = true
			return !over
		}
		err := in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			seq := fn(v)
			if seq == nil {
				work.Busy = false
				run.Keep[T](lost.Stage, nil).FailedOn(v)
				failed = fault.Invalid("FlatMapSeq", "fn has returned a nil iterator")
				return false
			}
			seq(yield)
			work.Busy = false
			return !over
		}))
		return fault.Join(failed, err)
	})
}
