package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Zip gives fn's result for the first items of upstream and other, then for the
// second ones, and so on.
//
//	a:   a--b-c---|
//	b:   -1------2-|
//	out: -{a1}------{b2}-|
//
// Emits when both sides have an item that is not paired yet. Fails when a side
// fails: the other is cancelled and reaped first. Completes when a side has
// completed and has no item left that is not paired, at once where that is known;
// the other is cancelled, and what it has given more is lost.
//
// Both are subscribed at once. Backpressure: a side waits when it is one item
// ahead. Memory: one item per side. Goroutines: two, one per side, joined before
// it ends; fn runs on the subscriber's.
//
// A nil fn, or the zero Observable as other, is an ErrInvalidArgument. It
// corresponds to zip in RxJS and Reactor, and to RxGo's ZipFromIterable.
func Zip[A, B, R any](other turbopipes.Observable[B], fn func(a A, b B) R) turbopipes.Operator[A, R] {
	switch {
	case other.IsZero():
		return turbopipes.Invalid[A, R]("Zip", "other is the zero Observable")
	case fn == nil:
		return turbopipes.Invalid[A, R]("Zip", "fn is nil")
	}
	return turbopipes.Lift("Zip", func(ctx context.Context, in turbopipes.Observable[A], emit func(R) bool) (err error) {
		left := feed.Open(ctx, "Zip", in.Push)
		defer left.Close(&err)
		right := feed.Join(left.Scope, other.Push)
		a, b := side[A]{in: left.Items()}, side[B]{in: right.Items()}
		defer func() {
			if !a.over() && !b.over() { // an early end: at a completion, what is not paired has no partner
				run.From(ctx).Discard(a.left() + b.left())
			}
		}()
		for !a.over() && !b.over() {
			// Each side is received from until it has an item; with one in hand, to
			// learn whether it has ended, it is not: that would hold two.
			select {
			case v, more := <-a.open():
				a.receive(v, more)
			case v, more := <-b.open():
				b.receive(v, more)
			case <-left.Done():
				return nil
			}
			if a.has && b.has && !emit(fn(a.take(), b.take())) {
				return nil
			}
		}
		return nil
	})
}
