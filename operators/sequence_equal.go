package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/run"
)

// SequenceEqual tells whether upstream and other emit equal items in the same
// order.
//
//	a:   a-b-c|
//	b:   -ab---c|
//	out: -------(t|)   t: true
//
// Emits when it is decided: false at the first two items that differ, or when one
// side has an item and the other has ended; true when both have completed. Two
// empty streams are equal. When items come does not matter. Fails when a side fails
// before that: the other is cancelled and reaped first. Completes behind its item,
// with both sides cancelled and reaped.
//
// Both are subscribed to at once. Backpressure: a side waits when it is one item
// ahead. Memory: one item per side; one that was not compared at an early end
// counts as discarded. Goroutines: two, one per side, joined before it ends; equal
// runs on the subscriber's, with upstream's item first.
//
// A nil equal, or the zero Observable as other, is an ErrInvalidArgument. For the
// pairs themselves see [Zip]. It corresponds to sequenceEqual in RxJS and Reactor,
// and to RxGo's SequenceEqual.
func SequenceEqual[T any](other turbopipes.Observable[T], equal func(a, b T) bool) turbopipes.Operator[T, bool] {
	switch {
	case other.IsZero():
		return turbopipes.Invalid[T, bool]("SequenceEqual", "other is the zero Observable")
	case equal == nil:
		return turbopipes.Invalid[T, bool]("SequenceEqual", "equal is nil")
	}
	return turbopipes.Lift("SequenceEqual", func(ctx context.Context, in turbopipes.Observable[T], emit func(bool) bool) (err error) {
		left := feed.Open(ctx, "SequenceEqual", in.Push)
		defer left.Close(&err)
		right := feed.Join(left.Scope, other.Push)
		a, b := side[T]{in: left.Items()}, side[T]{in: right.Items()}
		decided := false
		defer func() {
			if !decided {
				run.From(ctx).Discard(a.left() + b.left())
			}
		}()
		for {
			select {
			case v, more := <-a.open():
				a.receive(v, more)
			case v, more := <-b.open():
				b.receive(v, more)
			case <-left.Done():
				return nil
			}
			same := true
			switch {
			case a.has && b.has:
				same = equal(a.take(), b.take())
				decided = !same
			case a.has && b.ended, b.has && a.ended:
				same, decided = false, true
			case a.ended && b.ended:
				decided = true
			}
			if decided {
				left.Stop() // they unwind while downstream is busy
				emit(same)
				return nil
			}
		}
	})
}
