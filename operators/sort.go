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

// Sort emits the items in ascending order, as ordered by compare.
//
//	in:  c-a--b-|   compare: the alphabet
//	out: -------(abc|)
//
// Emits when upstream completes: all items. Equal items keep the order in which they
// arrived. Fails with upstream, or with an ErrOverflow at the first item beyond the
// limit of [WithMaxItems], after upstream was stopped. Items that are undelivered at
// an early end count as discarded. [OnDiscard] reports them, and the item beyond the
// limit. Completes after the last item.
//
// Backpressure: upstream is never held. Memory: all items, so a stream without an
// end is never sorted. Goroutines: none; compare runs on the subscriber's goroutine.
//
// compare returns a negative number when a is less than b, and a positive number
// when a is greater, as cmp.Compare does. A nil compare or a bad option is an
// ErrInvalidArgument. For the first few items only, see [TopK]; for the first item,
// see [Min]. It corresponds to Reactor's sort.
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
		return emitCounted(ctx, all, &emitted, emit)
	})
}

// itemsPerCheck is the number of items that are emitted between two checks of ctx. The
// checks are needed because an operator downstream may swallow every item.
const itemsPerCheck = 64

// emitCounted emits items until one is refused, and counts the items that it has handed
// over.
func emitCounted[T any](ctx context.Context, items []T, emitted *int, emit func(T) bool) error {
	for i, v := range items {
		if i%itemsPerCheck == itemsPerCheck-1 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		*emitted++
		if !emit(v) {
			return nil
		}
	}
	return nil
}
