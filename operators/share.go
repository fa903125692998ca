package operators

import (
	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/hot"
)

// Share runs upstream once for all its subscribers. The run begins with the first
// subscriber and ends with the last.
//
//	in:  -a-b-c|
//	out: -a-b-c|
//
// Emits when upstream does. Each subscriber receives the items that arrive after its
// subscription. Fails and completes with upstream, after the items in the
// subscriber's queue. A subscriber that comes after the end, or after the last
// subscriber has left, starts upstream anew, unless [KeepOnComplete] or
// [KeepOnError] is set. The last subscriber to leave waits until upstream is reaped,
// and its subscription returns the error of upstream's clean-up. A subscriber that
// comes during this wait waits too. When all subscribers are being stopped
// gracefully, upstream is too. Items that a leaving subscriber loses count as
// discarded, and [OnDiscard] reports them.
//
// Backpressure: every subscriber has a queue, of 256 items unless
// [turbopipes.WithQueue] sets another size. The slowest subscriber holds upstream.
// With [turbopipes.WithOverflow], a slow subscriber loses items, or fails, without
// an effect on the others. Share holds upstream by default because no other strategy
// keeps every item when a queue is full. The price is that a slow subscriber slows
// all the others. Choose [turbopipes.DropOldest], [turbopipes.DropNewest] or
// [turbopipes.Fail] if a slow subscriber must not do this. Memory: one ring of the
// queue's size; with a strategy that drops, one queue per subscriber. Goroutines:
// one, for upstream, with the values of the first subscriber's ctx. Each
// subscriber's downstream runs on that subscriber's goroutine.
//
// The shared run belongs to the Observable that the operator returns. So apply the
// operator once, and subscribe to the result more than once. If late subscribers
// need earlier items, see [ShareReplay]; to decide when upstream begins, see
// [turbopipes.Publish]. It corresponds to share in RxJS and Reactor.
func Share[T any](opts ...ShareOption) turbopipes.Operator[T, T] {
	o, bad := shareOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Share", bad)
	}
	return shareWith("Share", o, func() *hot.History[T] { return nil })
}
