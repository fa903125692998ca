package operators

import (
	"time"

	"github.com/turbopipes/turbopipes"
)

// Audit emits the newest item a while after the first one.
//
//	in:  ab---c-d|   window: 4
//	out: ----b----(d|)
//
// Emits when window has passed since an item came that found no time running. Drops the
// others of that time. Fails as soon as upstream fails, without the item that waits,
// which counts as discarded. [OnDiscard] hears of that one, and of an item that comes
// too late; what is left out counts nowhere. Completes with upstream; where an item
// waits, when that was emitted at its time. A graceful stop emits that item at once. An
// item at the end of a time begins the next one.
//
// Backpressure: upstream is never held. Time goes on while downstream is busy,
// and of what it gives then only the newest waits. Memory: two items.
// Goroutines: one, for upstream, joined before it ends.
//
// window ≤ 0 is an ErrInvalidArgument. It is [Throttle] with [TrailingEdge], but an
// emission does not make the next item wait. To wait for a pause instead, see
// [Debounce]; for a steady pace, [Sample]. It corresponds to RxJS's auditTime.
func Audit[T any](window time.Duration, opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("Audit", bad)
	}
	return throttled[T]("Audit", throttleOptions{Window: window, Trailing: true}, o)
}
