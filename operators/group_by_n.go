package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/split"
)

// GroupByN emits n streams, and passes each item to the stream whose number route
// returns.
//
//	in:  -a-b-A-|   n: 2, route: 0 for lower case, else 1
//	out: (xy)---|   x: -a-b---|, y: -----A-|
//
// Emits when it is subscribed to: the groups 0 to n-1, before any item. Fails with
// an ErrIndexOutOfRange when route returns another number. Fails and completes with
// upstream. The groups end, and are consumed, as the groups of [GroupBy] are.
//
// Backpressure: a full queue makes upstream wait, and the other groups with it. So
// consume all n groups at once, with [FlatMap] and an n that is at least as large,
// or let [turbopipes.WithOverflow] drop or fail. [OnDiscard] is called for the items
// that a strategy drops, and for the items that are discarded: because their
// subscriber has left, or because the stream ends early. Memory: n queues
// ([turbopipes.WithQueue], 256 items each without it), which allocate room only for
// the items that wait. Goroutines: one, for upstream, joined before the stream ends;
// route runs on upstream's goroutine.
//
// An n below 1 or above 65,536 and a nil route are an ErrInvalidArgument. It
// corresponds to Pekko's partition and RxGo's GroupBy.
func GroupByN[T any](n int, route func(v T) int, opts ...turbopipes.QueueOption) turbopipes.Operator[T, turbopipes.Group[int, T]] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, turbopipes.Group[int, T]]("GroupByN", opt.TooSmall("n", n, 1))
	case n > mostGroupsAtOnce:
		return turbopipes.Invalid[T, turbopipes.Group[int, T]]("GroupByN", fmt.Sprintf("n is %d, want at most %d", n, mostGroupsAtOnce))
	case route == nil:
		return turbopipes.Invalid[T, turbopipes.Group[int, T]]("GroupByN", "route is nil")
	case bad != "":
		return turbopipes.Invalid[T, turbopipes.Group[int, T]]("GroupByN", bad)
	}
	return turbopipes.Lift(own.Mark+"GroupByN", func(ctx context.Context, in turbopipes.Observable[T], emit func(turbopipes.Group[int, T]) bool) (err error) {
		// Upstream runs while all n groups wait to be taken. If it waited for the last
		// group, a consumer that takes fewer at a time would wait for ever.
		s := split.Open[int](ctx, splitConfig[T]("GroupByN", o.Queue, n))
		defer s.Close(&err)
		groups := make([]*split.Part[int, T], n)
		for i := range groups {
			if groups[i] = s.Begin(i); groups[i] == nil {
				return nil // ctx has ended
			}
		}
		startKeyed(s, in, route, func(i int, v T) bool {
			if i < 0 || i >= n {
				err := fmt.Errorf("%w: GroupByN: route returns %d, want 0 to %d", turbopipes.ErrIndexOutOfRange, i, n-1)
				s.EndWith(err)
				return s.RefuseFor(err, v)
			}
			return s.Put(groups[i], v) == split.Taken
		})
		handOutGroups(s, emit)
		return nil
	})
}

// mostGroupsAtOnce limits n, since all n groups are made at once.
const mostGroupsAtOnce = 65_536
