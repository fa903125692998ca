package operators

import (
	"context"
	"slices"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Sort gives the items in ascending order, by compare.
//
//	in:  c-a--b-|   compare: the alphabet
//	out: -------(abc|)
//
// Emits when upstream completes: all items, and equal ones in their order of arrival.
// Fails with upstream, or with an ErrOverflow at the item after the last one that
// [WithMaxItems] allows, after upstream was stopped. Items that an early end leaves
// undelivered count as discarded. [OnDiscard] hears of them, and of the item that is
// too many. Completes behind the last item.
//
// Backpressure: upstream is never held. Memory: all items, so a stream that does
// not end never sorts. Goroutines: none; compare runs on the subscriber's.
//
// compare gives a negative number when a is less than b, and a positive one when
// it is greater, as cmp.Compare does. A nil compare or a bad option is an
// ErrInvalidArgument. For the first few only, see [TopK]; for the first, [Min].
// It corresponds to Reactor's sort.
func Sort[T any](compare func(a, b T) int, opts ...SortOption) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case compare == nil:
		return turbopipes.Invalid[T, T]("Sort", "compare is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("Sort", bad)
	}
	return turbopipes.Lift(own.Mark+"Sort", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		var all []T
		emitted := 0
		defer func() {
			err = fault.Join(err, run.Keep[T](run.At(ctx, "Sort"), o.Discard).Discard(all[emitted:]...))
		}()
		all, err = gather(ctx, "Sort", in, o)
		if err != nil {
			return err
		}
		slices.SortStableFunc(all, compare)
		return pour(ctx, all, &emitted, emit)
	})
}

// glance is how many items are emitted between two looks at ctx, since what is
// downstream may swallow every one.
const glance = 64

// pour emits items until one is refused, and counts those that it has handed
// over.
func pour[T any](ctx context.Context, items []T, emitted *int, emit func(T) bool) error {
	for i, v := range items {
		if i%glance == glance-1 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		*emitted++
		if !emit(v) {
			return nil
		}
	}
	return nil
}
