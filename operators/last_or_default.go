package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// LastOrDefault emits the last item, or value if there is none.
//
//	in:  -----|   value: x
//	out: -----(x|)
//
// Emits when upstream completes: the last item, or value. Drops the items before,
// which are not counted in [turbopipes.Stats]. Fails with upstream, without value
// and without the item that it holds. That item counts as discarded, and [OnDiscard]
// is called for it. Memory: one item. Goroutines: none; it runs on the subscriber's
// goroutine.
//
// For an error instead of value, see [Last]. It corresponds to last with a default
// in RxJS and Reactor, and to RxGo's LastOrDefault.
func LastOrDefault[T any](value T, opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("LastOrDefault", bad)
	}
	return turbopipes.Lift(own.Mark+"LastOrDefault", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		last, found, err := lastItemOf(ctx, "LastOrDefault", o, in)
		switch {
		case err != nil:
		case found:
			emit(last)
		default:
			emit(value)
		}
		return err
	})
}
