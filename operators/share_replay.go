package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/hot"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// ShareReplay is [Share], but a late subscriber first receives the newest n items,
// and then the items that follow, without a gap and without a duplicate.
//
//	in:  -a-b-c|
//	out: -a-b-c|
//
// Emits when upstream does. A late subscriber receives the remembered items at once;
// [turbopipes.WithTTL] leaves out the items that are too old when the subscriber
// comes. After the completion, a subscriber receives the remembered items and the
// completion, and upstream does not run again. After an error, everything is
// forgotten, and the next subscriber starts upstream anew. The same happens when the
// last subscriber leaves before the end; [KeepConnected] keeps the stream connected
// without subscribers. Fails and completes as Share does.
//
// Backpressure: as in Share. Replayed items do not go through the subscriber's
// queue, so n may be greater than its size. Memory: n items more than Share, and
// again n items for each subscriber to which they are replayed. Goroutines: one, for
// upstream. [OnDiscard] reports items as in Share.
//
// n < 1 is an ErrInvalidArgument. It corresponds to RxJS's shareReplay with
// refCount: true, and to Reactor's replay(n).refCount.
func ShareReplay[T any](n int, opts ...ShareReplayOption) turbopipes.Operator[T, T] {
	o, bad := shareOptions(opts)
	if n < 1 {
		bad = opt.TooSmall("n", n, 1)
	}
	if bad != "" {
		return turbopipes.Invalid[T, T]("ShareReplay", bad)
	}
	o.KeepOnComplete = true
	return shareWith("ShareReplay", o, func() *hot.History[T] {
		return &hot.History[T]{N: n, TTL: o.TTL, Late: true}
	})
}
