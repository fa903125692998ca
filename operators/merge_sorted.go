package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// MergeSorted makes one ascending stream of upstream and the others, each of which
// is ascending.
//
//	a:   a---d--|
//	b:   -b-c-----e---|
//	out: -a--(bc)-(de)|
//
// Emits when every stream that has not completed has an item, the least of those
// in front; of equal ones upstream's is first, and then in the order of the
// arguments. A stream that is not ascending makes one that is not, and no error.
// Fails when one fails: the others are cancelled and reaped first, and the items
// that wait are discarded. Completes when all have.
//
// All are subscribed to at once. Backpressure: a stream waits when it is one item
// ahead. Memory: one item per stream; they count as discarded at an early end, which
// [turbopipes.WithLossHook] hears of.
// Goroutines: one per stream, joined before it ends; compare runs on the
// subscriber's. An item costs some comparisons, as many as the number of streams
// has binary digits, twice.
//
// Without others it is the identity. A nil compare, which works as cmp.Compare
// does, or a zero Observable among others is an ErrInvalidArgument. For items as
// they come see [Merge]. It corresponds to Reactor's mergeComparing and Pekko's
// mergeSorted.
func MergeSorted[T any](compare func(a, b T) int, others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	bad := zeroOther(others)
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
		b := feed.OpenBand(ctx, "MergeSorted")
		lost := run.Keep[T](b.Stage(), nil)
		waiting := heads[T]{compare: compare}
		defer func() {
			b.Close(&err)
			err = fault.Join(err, lost.Discard(waiting.left()...)) // none at a completion
		}()
		feeds := openFeeds(b, in, others)
		for from, f := range feeds {
			v, more, err := next(b, f)
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
			v, more, err := next(b, feeds[from])
			if err != nil {
				return err
			}
			waiting.refill(v, more)
		}
		return nil
	})
}

// next waits for the next item of f. An error is the end of all.
func next[T any](b *feed.Band, f *feed.Feed[T]) (v T, more bool, err error) {
	v, more, ok := feed.Await(b, f)
	switch {
	case ok && more:
		return v, true, nil
	case ok:
		return v, false, f.End()
	case b.Failure() != nil:
		return v, false, b.Failure()
	}
	return v, false, context.Cause(b.Ctx)
}

// openFeeds starts several upstreams of one Band.
func openFeeds[T any](b *feed.Band, in turbopipes.Observable[T], others []turbopipes.Observable[T]) []*feed.Feed[T] {
	feeds := make([]*feed.Feed[T], 0, len(others)+1)
	feeds = append(feeds, feed.In(b, run.Hooks[T]{}, in.Push))
	for _, o := range others {
		feeds = append(feeds, feed.In(b, run.Hooks[T]{}, o.Push))
	}
	return feeds
}
