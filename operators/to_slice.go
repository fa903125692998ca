package operators

import (
	"context"
	"fmt"
	"slices"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ToSlice gives all items as one slice.
//
//	in:  a-b--c-|
//	out: -------(x|)   x: a b c
//
// Emits when upstream completes; an empty stream gives an empty slice, which is
// not nil. The slice is the receiver's. Fails with upstream, or with an
// ErrOverflow at the item after the last one that [WithMaxItems] allows, after
// upstream was stopped; without a slice, whose items then count as discarded.
// Memory: all items. Goroutines: none; it runs inside its subscriber's.
//
// A bad option is an ErrInvalidArgument. To have the items at the end of the
// pipeline, and those before an error too, call Collect on it; for slices on the
// way, see [BufferWithCount]. It corresponds to RxJS's toArray, Reactor's
// collectList and RxGo's ToSlice.
func ToSlice[T any](opts ...ToSliceOption) turbopipes.Operator[T, []T] {
	o, bad := toSliceOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, []T]("ToSlice", bad)
	}
	return turbopipes.Lift(own.Mark+"ToSlice", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) error {
		all, err := gather(ctx, "ToSlice", in, o)
		if err == nil { // nothing was emitted, so nothing was refused
			emit(all)
		}
		return err
	})
}

// gather collects all items. Where it fails or panics, those that it had count
// as discarded.
func gather[T any](ctx context.Context, name string, in turbopipes.Observable[T], o gatherOptions) (all []T, err error) {
	room := o.room()
	all = make([]T, 0, min(room, mostReserved))
	complete := false
	defer func() {
		if !complete {
			run.Count(ctx, int64(len(all)))
			all = nil
		}
	}()
	over := false
	err = in.Push(ctx, func(v T) bool {
		if over = o.maxItems > 0 && len(all) == o.maxItems; over {
			return false
		}
		if len(all) == cap(all) && len(all) < room {
			all = slices.Grow(all, min(room, 4*len(all))-len(all))
		}
		all = append(all, v)
		return true
	})
	if over {
		err = fault.Join(fmt.Errorf("%w: %s: more than %d items", turbopipes.ErrOverflow, name, o.maxItems), err)
	}
	complete = err == nil
	return all, err
}
