package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/split"
)

// GroupByN gives n streams, and each item to the one that route tells.
//
//	in:  -a-b-A-|   n: 2, route: 0 for lower case, else 1
//	out: (xy)---|   x: -a-b---|, y: -----A-|
//
// Emits when it is subscribed to: the groups 0 to n-1, before any item. Fails with
// an ErrIndexOutOfRange when route gives another number, and with upstream;
// completes with upstream. The groups end, and are consumed, as [GroupBy]'s.
//
// Backpressure: a full queue holds upstream, and the other groups with it: consume
// all n at once, by [FlatMap] with n or more, or let [turbopipes.WithOverflow]
// drop or fail. Memory: n queues ([turbopipes.WithQueue], 256 items each without
// it), which take room only for what waits in them. Goroutines: one, for upstream,
// joined before it ends; route runs on upstream's.
//
// An n below 1 or above 65,536 and a nil route are an ErrInvalidArgument. It corresponds to Pekko's partition and RxGo's
// GroupBy.
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
		// All n wait to be taken, and upstream runs then: had it to wait for the last
		// one, one who takes fewer at a time would wait for ever.
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

// mostGroupsAtOnce bounds n, since all n groups are made at once.
const mostGroupsAtOnce = 65_536
