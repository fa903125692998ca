package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/hot"
)

// Share lets all subscribers have one run of upstream, which begins with the
// first of them and ends with the last.
//
//	in:  -a-b-c|
//	out: -a-b-c|
//
// Emits when upstream does, to each subscriber what comes from its subscription
// on. Fails and completes with upstream, behind what is in the subscriber's
// queue; who comes after that, or after the last one has left, starts upstream
// anew, unless [KeepOnComplete] or [KeepOnError] says otherwise. The last one to
// leave waits until upstream is reaped, and gets what its clean-up fails with;
// who comes meanwhile waits, too. When all are being stopped gracefully, upstream
// is; what is lost by one that leaves counts as discarded.
//
// Backpressure: every subscriber has a queue, of 256 items unless
// [turbopipes.WithQueue] says otherwise, and the slowest one holds upstream;
// [turbopipes.WithOverflow] makes it lose items, or fail, alone. To hold is the
// default since it is the only strategy under which a full queue loses no item. The price
// is that a slow subscriber slows all the others: choose [turbopipes.DropOldest],
// [turbopipes.DropNewest] or [turbopipes.Fail] where it must not. Memory: one ring
// of the queue's size; under a strategy that drops, a queue for each. Goroutines:
// one, for upstream, with the values of the first subscriber's ctx; each
// subscriber's downstream runs on its own.
//
// The shared run belongs to the Observable that the operator returns, so apply it
// once and subscribe to the result more than once. [turbopipes.WithTTL] is an
// ErrInvalidArgument. For late subscribers to get earlier items see
// [ShareReplay]; to say when upstream begins, [turbopipes.Publish]. It
// corresponds to share in RxJS and Reactor.
func Share[T any](opts ...ShareOption) turbopipes.Operator[T, T] {
	o, bad := shareOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Share", bad)
	}
	return sharing("Share", o, func() *hot.History[T] { return nil })
}
