package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// ShareReplay is [Share] for which a late subscriber first gets the newest n
// items, and then what comes, without a gap and without an item twice.
//
//	in:  -a-b-c|
//	out: -a-b-c|
//
// Emits when upstream does, and to a late subscriber at once what is remembered;
// [turbopipes.WithTTL] leaves out what is too old when it comes. After the
// completion a subscriber gets what is remembered and the completion, and
// upstream is not run again. After an error, and when the last subscriber has
// left before the end, everything is forgotten, and the next one starts upstream
// anew; [KeepConnected] keeps it connected without subscribers. Fails and
// completes as Share does.
//
// Backpressure: as with Share. What is replayed does not go through the
// subscriber's queue, so n may be greater. Memory: n items, besides what Share
// has, and as many for each subscriber that they are replayed to. Goroutines:
// one, for upstream.
//
// n < 1 is an ErrInvalidArgument. It corresponds to RxJS's shareReplay with
// refCount: true, and Reactor's replay(n).refCount.
func ShareReplay[T any](n int, opts ...ShareReplayOption) turbopipes.Operator[T, T] {
	o, bad := shareOptions(opts)
	if n < 1 {
		bad = opt.TooSmall("n", n, 1)
	}
	if bad != "" {
		return turbopipes.Invalid[T, T]("ShareReplay", bad)
	}
	o.KeepOnComplete = true
	return sharing("ShareReplay", o, func() *hot.History[T] {
		return &hot.History[T]{N: n, TTL: o.TTL, Late: true}
	})
}
