package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Serialize puts items back into the order of their ids.
//
//	in:  2-1---3-5-4---|   from: 1; id: the number
//	out: --(12)3---(45)|
//
// Emits when the item with the next id arrives, and then the items that waited for
// this item. The first id is from. Drops an item whose id has come before, whether
// that item was emitted or still waits. After the greatest int, every item is
// dropped. Fails with an ErrOverflow when more than [WithMaxPending] items would
// have to wait; the default is 1024. Fails with an ErrSequenceGap when upstream
// completes while items wait for an id that has not come. Fails when upstream fails.
// Items that still wait at an early end are discarded, and so is the item for which
// there was no room. [OnDiscard] reports them. Dropped items are not counted. With
// [SkipGaps], completion emits the waiting items instead.
//
// Backpressure: upstream's emit is downstream's. Memory: the waiting items.
// Goroutines: none; id runs on the subscriber's goroutine.
//
// A nil id or a bad option is an ErrInvalidArgument. To keep the order of tasks from
// the start, see [Ordered]. It corresponds to RxGo's Serialize. Other libraries use
// the name for calls that come one at a time, which is a rule of every stream here.
func Serialize[T any](from int, id func(v T) int, opts ...SerializeOption) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(opt.Settings{MaxPending: 1024}, opts)
	switch {
	case id == nil:
		return turbopipes.Invalid[T, T]("Serialize", "id is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("Serialize", bad)
	}
	return turbopipes.Lift(own.Mark+"Serialize", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		s := idSeries[T]{next: from, most: o.MaxPending}
		lost := run.Keep[T](run.At(ctx, "Serialize"), o.Discard)
		defer func() { err = fault.Join(err, lost.Discard(s.left()...)) }()
		var work run.Work[T]
		defer work.Failed(ctx)
		refused := false
		follow := func() {
			for v, ok := s.take(); ok; v, ok = s.take() {
				if refused = !emit(v); refused {
					return
				}
			}
		}
		var failed error
		err = in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			i := id(v)
			work.Busy = false
			switch s.put(i, v) {
			case placeNow:
				if refused = !emit(v); !refused {
					follow()
				}
			case placeFull:
				failed = fmt.Errorf("%w: Serialize: more than %d items wait for id %d", turbopipes.ErrOverflow, o.MaxPending, s.next)
				return lost.RefuseFor(failed, v)
			}
			return !refused
		}))
		if err != nil || failed != nil || refused || len(s.waiting) == 0 {
			return fault.Join(failed, err)
		}
		if !o.SkipGaps {
			return fmt.Errorf("%w: Serialize: id %d has not come, and %d items wait for it", turbopipes.ErrSequenceGap, s.next, len(s.waiting))
		}
		for _, s.next = range s.rest() {
			if v, _ := s.take(); !emit(v) {
				return nil
			}
		}
		return nil
	})
}

// SerializeOption is an option of [Serialize]: [WithMaxPending], [SkipGaps] and
// [OnDiscard] are.
type SerializeOption interface{ opt.SerializeOption }

type serializeSetting struct {
	opt.Set
	opt.ForSerialize
}

// SkipGaps makes [Serialize] emit the items that wait when upstream completes, in the
// order of the ids, instead of failing.
func SkipGaps() SerializeOption {
	return serializeSetting{Set: func(s *opt.Settings) string {
		s.SkipGaps = true
		return ""
	}}
}
