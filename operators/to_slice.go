package operators

import (
	"context"
	"fmt"
	"slices"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ToSlice gives all items as one slice.
//
//	in:  a-b--c-|
//	out: -------(x|)   x: a b c
//
// Emits when upstream completes; an empty stream gives an empty slice, which is not
// nil. The slice is the receiver's. Fails with upstream, or with an ErrOverflow at the
// item after the last one that [WithMaxItems] allows, after upstream was stopped;
// without a slice, whose items then count as discarded. [OnDiscard] hears of them, and
// of the item that is too many. A slice that is lost later counts as its items.
// Memory: all items. Goroutines: none; it runs inside its subscriber's.
//
// A bad option is an ErrInvalidArgument. To have the items at the end of the
// pipeline, and those before an error too, call Collect on it; for slices on the
// way, see [BufferWithCount]. It corresponds to RxJS's toArray, Reactor's
// collectList and RxGo's ToSlice.
func ToSlice[T any](opts ...ToSliceOption) turbopipes.Operator[T, []T] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	if bad != "" {
		return turbopipes.Invalid[T, []T]("ToSlice", bad)
	}
	return turbopipes.Lift(own.Mark+"ToSlice", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) error {
		run.NoteSlices[T](run.From(ctx))
		all, err := gather(ctx, "ToSlice", in, o)
		if err == nil { // nothing was emitted, so nothing was refused
			emit(all)
		}
		return err
	})
}

// gather collects all items. Where it fails or panics, those that it had count
// as discarded.
func gather[T any](ctx context.Context, name string, in turbopipes.Observable[T], o opt.Settings) (all []T, err error) {
	room := roomOf(o)
	all = make([]T, 0, min(room, mostReserved))
	complete := false
	lost := run.Keep[T](run.At(ctx, name), o.Discard)
	defer func() {
		if !complete {
			err = fault.Join(err, lost.Discard(all...))
			all = nil
		}
	}()
	var over error
	err = in.Push(ctx, func(v T) bool {
		if o.MaxItems > 0 && len(all) == o.MaxItems {
			over = fmt.Errorf("%w: %s: more than %d items", turbopipes.ErrOverflow, name, o.MaxItems)
			return lost.RefuseFor(over, v)
		}
		if len(all) == cap(all) && len(all) < room {
			all = slices.Grow(all, min(room, 4*len(all))-len(all))
		}
		all = append(all, v)
		return true
	})
	err = fault.Join(over, err)
	complete = err == nil
	return all, err
}
