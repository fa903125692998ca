package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/handoff"
)

// Conflate merges the items that arrive while downstream is busy into one that
// waits: first makes it of an item, and merge adds the next. Upstream is never
// held, and nothing is dropped.
//
//	in:  a-b-c-d|              downstream takes 5 for an item
//	out: a----{bc}----d----|
//
// Emits when downstream is free and an item waits; a downstream that waits gets
// what first makes of an item at once. What waits is delivered before a
// completion or an error. Fails and completes with upstream. first and merge run
// on upstream's goroutine; where one of them panics, what waits is delivered
// before the panic's error, and the arriving item counts as dropped. What waits
// at an early end counts as one item discarded. Memory: one merged item, and one
// more that is being merged. Goroutines: one, for upstream, joined before it ends.
//
// A nil function is an [ErrInvalidArgument]. Where both types are one,
// [OnBackpressureReduce] is shorter; to keep the items apart, see
// [OnBackpressureBatch]; to keep the newest for each key, [ConflateByKey]. It
// corresponds to Pekko's conflateWithSeed.
func Conflate[T, A any](first func(T) A, merge func(A, T) A) Operator[T, A] {
	switch {
	case first == nil:
		return Invalid[T, A]("Conflate", "first is nil")
	case merge == nil:
		return Invalid[T, A]("Conflate", "merge is nil")
	}
	return conflate("Conflate", first, merge)
}

// OnBackpressureReduce merges the items that arrive while downstream is busy
// into one that waits. Upstream is never held, and nothing is dropped.
//
//	in:  a-b-c-d|              downstream takes 5 for an item
//	out: a----{bc}----d----|
//
// Emits when downstream is free and an item waits. merge runs on upstream's
// goroutine; where it panics, the item that waits is delivered before the
// panic's error, and the arriving one counts as dropped. Memory: one item.
// Goroutines: one, for upstream. A nil merge is an [ErrInvalidArgument]. It is
// the one-type form of [Conflate], and what Pekko calls conflate.
func OnBackpressureReduce[T any](merge func(pending, next T) T) Operator[T, T] {
	if merge == nil {
		return Invalid[T, T]("OnBackpressureReduce", "merge is nil")
	}
	return conflate("OnBackpressureReduce", func(v T) T { return v }, merge)
}

func conflate[T, A any](name string, first func(T) A, merge func(A, T) A) Operator[T, A] {
	return Lift(name, func(ctx context.Context, in Observable[T], emit func(A) bool) (err error) {
		b := handoff.OpenBoundary[A](ctx, name, 1, nil, nil)
		defer b.Close(&err)
		b.Start(func(ctx context.Context, put func(A) bool) error {
			return in.Push(ctx, func(v T) bool { return fold(b, v, first, merge, put) })
		}, b.Queue.Put)
		return b.Loop(emit)
	})
}

// fold adds v to what waits, which is withdrawn while first or merge, which are
// user code, run.
func fold[T, A any](b *handoff.Boundary[A], v T, first func(T) A, merge func(A, T) A, put func(A) bool) (ok bool) {
	pending, waits := b.Queue.Withdraw()
	folded := false
	defer func() {
		if folded {
			return
		}
		b.Record().Drop(1)
		if waits {
			again(b, pending, put)
		}
	}()
	if !waits {
		made := first(v)
		folded = true
		return put(made) // refused, v was never in
	}
	pending = merge(pending, v)
	folded = true
	return again(b, pending, put)
}

// again puts what was in the queue before. There is room for it, but the end may
// have come meanwhile.
func again[A any](b *handoff.Boundary[A], pending A, put func(A) bool) bool {
	if put(pending) {
		return true
	}
	b.Record().Discard(1)
	return false
}
