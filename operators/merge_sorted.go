package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
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
// ahead. Memory: one item per stream; they count as discarded at an early end.
// Goroutines: one per stream, joined before it ends; compare runs on the
// subscriber's. An item costs some comparisons, as many as the number of streams
// has binary digits, twice.
//
// Without others it is the identity. A nil compare, which works as cmp.Compare
// does, or a zero Observable among others is an ErrInvalidArgument. For items as
// they come see [Merge]. It corresponds to Reactor's mergeComparing and Pekko's
// mergeSorted.
func MergeSorted[T any](compare func(a, b T) int, others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	switch {
	case compare == nil:
		return turbopipes.Invalid[T, T]("MergeSorted", "compare is nil")
	case anyZero(others):
		return turbopipes.Invalid[T, T]("MergeSorted", zeroOther)
	}
	return turbopipes.Lift("MergeSorted", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if len(others) == 0 {
			return in.Push(ctx, emit)
		}
		s := scope.Open(ctx, "MergeSorted")
		defer s.Close(&err)
		feeds := openFeeds(s, in, others)
		waiting := heads[T]{compare: compare}
		defer func() { run.From(ctx).Discard(waiting.left()) }() // none at a completion
		for from, f := range feeds {
			v, more, ok := await(f)
			if !ok {
				return nil
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
			next, more, ok := await(feeds[from])
			if !ok {
				return nil
			}
			waiting.refill(next, more)
		}
		return nil
	})
}

// openFeeds starts several upstreams on one scope.
func openFeeds[T any](s *scope.Scope, in turbopipes.Observable[T], others []turbopipes.Observable[T]) []*feed.Feed[T] {
	feeds := make([]*feed.Feed[T], 0, len(others)+1)
	feeds = append(feeds, feed.Join(s, in.Push))
	for _, o := range others {
		feeds = append(feeds, feed.Join(s, o.Push))
	}
	return feeds
}

// await waits for f's next item. more is false when f has completed, ok when
// something has failed or ctx is done.
func await[T any](f *feed.Feed[T]) (v T, more, ok bool) {
	select {
	case v, more = <-f.Items():
		return v, more, true
	case <-f.Done():
		return v, false, false
	}
}
