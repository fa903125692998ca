package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/handoff"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Conflate merges the items that arrive while downstream is busy into one value that
// waits. first makes that value of an item, and merge adds the next item. Upstream
// never waits, and no item is dropped.
//
//	in:  a-b-c-d|              downstream takes 5 for an item
//	out: a----{bc}----d----|
//
// Emits when downstream is free and a value waits. If downstream waits already, it
// gets the value that first makes of an item at once. A value that waits is
// delivered before a completion or an error. Fails and completes with upstream.
// first and merge run on upstream's goroutine. If one of them panics, the value that
// waits is delivered before the panic's error, and the arriving item counts as
// dropped. A value that waits when the stream ends early counts as one discarded
// item. [OnDiscard] is called for both. Memory: one merged value, and one more that
// is being merged. Goroutines: one, for upstream, joined before the stream ends.
//
// A nil function is an ErrInvalidArgument. If both types are the same,
// [OnBackpressureReduce] is shorter. To keep the items apart, see
// [OnBackpressureBatch]; to keep the newest item of each key, [ConflateByKey]. It
// corresponds to Pekko's conflateWithSeed.
func Conflate[T, A any](first func(T) A, merge func(A, T) A, opts ...turbopipes.LossOption) turbopipes.Operator[T, A] {
	o, bad := lossOptions(opts)
	switch {
	case first == nil:
		return turbopipes.Invalid[T, A]("Conflate", "first is nil")
	case merge == nil:
		return turbopipes.Invalid[T, A]("Conflate", "merge is nil")
	case bad != "":
		return turbopipes.Invalid[T, A]("Conflate", bad)
	}
	return conflate("Conflate", first, merge, run.Hooks[T]{Each: o.Discard}, run.Hooks[A]{Each: o.Discard})
}

func conflate[T, A any](name string, first func(T) A, merge func(A, T) A, items run.Hooks[T], merged run.Hooks[A]) turbopipes.Operator[T, A] {
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(A) bool) (err error) {
		b := handoff.OpenBoundary[A](ctx, name, 1, nil)
		b.Lost = merged.At(b.Scope.Stage())
		defer b.Close(&err)
		f := conflation[T, A]{Boundary: b, first: first, merge: merge, items: items.At(b.Scope.Stage())}
		b.Start(func(ctx context.Context, _ func(A) bool) error { return in.Push(ctx, f.fold) }, nil)
		return b.Loop(emit)
	})
}

// conflation is one run of a Conflate. The value that waits counts as one item,
// however many items were merged into it: the merged items are not lost.
type conflation[T, A any] struct {
	*handoff.Boundary[A]
	first func(T) A
	merge func(A, T) A
	items run.Account[T]
}

// fold adds v to the value that waits. That value is withdrawn while first or merge
// run, because they are user code.
func (f *conflation[T, A]) fold(v T) (ok bool) {
	pending, waits := f.Queue.Withdraw()
	folded := false
	defer func() {
		if folded {
			return
		}
		if waits {
			f.Put(pending)
		}
		_ = f.items.Drop(v) // the stream ends with the panic
	}()
	if waits {
		pending = f.merge(pending, v)
	} else {
		pending = f.first(v)
	}
	folded = true
	return f.Put(pending) // there is room, but the stream may have ended meanwhile
}
