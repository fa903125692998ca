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

// ToSlice emits one slice with all items.
//
//	in:  a-b--c-|
//	out: -------(x|)   x: a b c
//
// Emits when upstream completes. For an empty stream the slice is empty, but not
// nil. The receiver owns the slice. Fails with upstream, or with an ErrOverflow at
// the first item beyond the limit of [WithMaxItems], after upstream was stopped. It
// then emits no slice, and the items so far count as discarded. [OnDiscard] reports
// them, and the item beyond the limit. A slice that is lost later counts as its
// items. Memory: all items. Goroutines: none; it runs on the subscriber's goroutine.
//
// A bad option is an ErrInvalidArgument. To get the items at the end of the
// pipeline, and also the items before an error, call Collect instead; for slices on
// the way, see [BufferWithCount]. It corresponds to RxJS's toArray, Reactor's
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

// gather collects all items. If it fails or panics, the items so far count as
// discarded.
func gather[T any](ctx context.Context, name string, in turbopipes.Observable[T], o opt.Settings) (all []T, err error) {
	room := expectedItems(o)
	all = make([]T, 0, min(room, maxTimedCapacity))
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
