package operators

import (
	"time"

	"github.com/turbopipes/turbopipes"
)

// Audit waits for window after an item, and then emits the newest item.
//
//	in:  ab---c-d|   window: 4
//	out: ----b----(d|)
//
// Emits when a wait of window is over: the newest item. An item that comes while no
// wait runs begins a wait. An item that comes exactly at the end of a wait begins
// the next one. Drops the other items of the wait, which are not counted in
// [turbopipes.Stats]. Completes with upstream. If an item waits then, it is first
// emitted at its time; a graceful stop emits it at once. Fails as soon as upstream
// fails, without the item that waits. That item counts as discarded, and so does an
// item that comes after the end. [OnDiscard] is called for both.
//
// Backpressure: upstream never waits. The clock goes on while downstream is busy,
// and of the items that become due meanwhile only the newest waits. Memory: two
// items. Goroutines: one, for upstream, joined before the stream ends.
//
// A window of 0 or less is an ErrInvalidArgument. Audit is [Throttle] with
// [TrailingEdge], but an emission does not make the next item wait. To wait for a
// pause instead, see [Debounce]; to emit at a steady pace, [Sample]. It corresponds
// to RxJS's auditTime.
func Audit[T any](window time.Duration, opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Audit", bad)
	}
	return throttleWith[T]("Audit", throttleOptions{Window: window, Trailing: true}, o)
}
