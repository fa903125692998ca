package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// MergeSorted merges upstream and the others, which should all be ascending, into
// one ascending stream.
//
//	a:   a---d--|
//	b:   -b-c-----e---|
//	out: -a--(bc)-(de)|
//
// Emits when every stream that has not completed has an item: the least of these
// items. Among equal items, upstream's comes first, and the others follow in the
// order of the arguments. If a stream is not ascending, the result is not ascending
// either; this is not an error. Fails when a stream fails: the others are cancelled
// and reaped first, and the waiting items are discarded. Completes when all streams
// have completed.
//
// All streams are subscribed to at once. Backpressure: a stream waits when it is one
// item ahead. Memory: one item per stream. These items count as discarded at an
// early end, and [turbopipes.WithLossHook] reports them. Goroutines: one per stream,
// joined before MergeSorted ends; compare runs on the subscriber's goroutine. The
// number of comparisons for an item is at most twice the number of binary digits in
// the number of streams.
//
// Without others, MergeSorted lets upstream through unchanged. compare works as
// cmp.Compare does. A nil compare, or a zero Observable among others, is an
// ErrInvalidArgument. For items in the order in which they arrive, see [Merge]. It
// corresponds to Reactor's mergeComparing and Pekko's mergeSorted.
func MergeSorted[T any](compare func(a, b T) int, others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	bad := zeroOtherText(others)
	switch {
	case compare == nil:
		return turbopipes.Invalid[T, T]("MergeSorted", "compare is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("MergeSorted", bad)
	}
	return turbopipes.Lift(own.Mark+"MergeSorted", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if len(others) == 0 {
			return in.Push(ctx, emit)
		}
		t := openTurns(ctx, "MergeSorted", in, others)
		lost := run.Keep[T](t.Stage(), nil)
		waiting := headHeap[T]{compare: compare}
		defer func() {
			t.Close(&err)
			err = fault.Join(err, lost.Discard(waiting.left()...)) // nothing is left after a completion
		}()
		for from := range t.lanes {
			v, more, err := t.next(from)
			if err != nil {
				return err
			}
			if more {
				waiting.add(v, from)
			}
		}
		for !waiting.none() {
			v, from := waiting.take()
			if !emit(v) {
				return nil
			}
			v, more, err := t.next(from)
			if err != nil {
				return err
			}
			waiting.refill(v, more)
		}
		return nil
	})
}
