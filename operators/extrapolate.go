package operators

import (
	"context"
	"iter"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Extrapolate emits made-up items when downstream is faster than upstream: when
// downstream is free and there is no new item, it emits the next element of the
// sequence next(v), with v the last item. A new item ends that sequence.
//
//	in:  a----b---|       next(a) is 1, 2, 3 …, and next(b) is x
//	out: a-1-2-b-x-|      downstream takes 2 for an item
//
// Emits when downstream is free: a new item if there is one, else an element of the
// sequence. Before the first item, and when the sequence is exhausted, it waits for
// upstream. Fails and completes with upstream, when downstream is free.
//
// Downstream must have a pace of its own, by a clock or by its work: a downstream
// that is always free gets elements without end. Backpressure: upstream waits while
// downstream is busy; no item is dropped. An item that is not delivered when the
// stream ends early counts as discarded, and [OnDrop] is called for it. next and its
// sequence run on the subscriber's goroutine, and must be quick. An element is
// thrown away if a new item comes before it is emitted. Memory: one item, which
// upstream waits with. Goroutines: one, for upstream, joined before the stream ends.
//
// A nil next is an ErrInvalidArgument; a nil sequence is an empty one. It
// corresponds to Pekko's extrapolate and expand.
func Extrapolate[T any](next func(T) iter.Seq[T], opts ...BackpressureOption[T]) turbopipes.Operator[T, T] {
	const name = "Extrapolate"
	if next == nil {
		return turbopipes.Invalid[T, T](name, "next is nil")
	}
	return withOptions(name, opts, func(o opt.Typed[T]) turbopipes.Operator[T, T] {
		return extrapolate(name, next, dropping(o))
	})
}

func extrapolate[T any](name string, next func(T) iter.Seq[T], hooks run.Hooks[T]) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		up := feed.OpenIntake(ctx, name, hooks, in.Push)
		lost := hooks.At(up.Stage())
		var inHand []T // an item that came while a sequence ran, whose clean-up may panic
		defer func() {
			up.Close(&err)
			err = fault.Join(err, lost.Discard(inHand...))
		}()
		v, more := waitForItem(up)
		for more && emit(v) {
			v, more = extrapolated(up, v, next, emit, &inHand)
			inHand = inHand[:0]
		}
		return nil
	})
}

// extrapolated emits the elements that next makes of last until there is a new item.
// more is false when the stream is over.
func extrapolated[T any](up *feed.Intake[T], last T, next func(T) iter.Seq[T], emit func(T) bool, inHand *[]T) (v T, more bool) {
	v, more, waits := pollItem(up)
	if !waits {
		return v, more
	}
	if seq := next(last); seq != nil {
		return emitSequence(up, seq, emit, inHand)
	}
	return waitForItem(up)
}

func emitSequence[T any](up *feed.Intake[T], seq iter.Seq[T], emit func(T) bool, inHand *[]T) (v T, more bool) {
	for w := range seq {
		waits := false
		if v, more, waits = pollItem(up); !waits {
			if more {
				*inHand = append(*inHand, v)
			}
			return v, more
		}
		if !emit(w) {
			return v, false
		}
	}
	return waitForItem(up)
}

// pollItem is waitForItem for an item that is already there; waits reports that
// there is none.
func pollItem[T any](up *feed.Intake[T]) (v T, more, waits bool) {
	v, got, ok := up.Poll()
	return v, got == feed.Item, !ok
}

// waitForItem waits for an item. more is false when upstream or ctx has ended.
func waitForItem[T any](up *feed.Intake[T]) (v T, more bool) {
	v, got := up.Next(nil)
	return v, got == feed.Item
}
