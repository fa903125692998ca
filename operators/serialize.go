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
// Emits when the item comes whose id is the next one, from the first on, and then
// those that waited for it. Drops an item whose id has come before, be it emitted or
// waiting; after the greatest int that is every item. Fails with an ErrOverflow when
// more than [WithMaxPending] items would have to wait, 1024 without it; with an
// ErrSequenceGap when upstream completes while items wait for one that has not come;
// and when upstream fails. Items that wait are discarded then. [OnDiscard] hears of
// them; what is dropped counts nowhere. With [SkipGaps], completion lets them out.
//
// Backpressure: upstream's emit is downstream's. Memory: the items that wait.
// Goroutines: none; id runs on the subscriber's.
//
// A nil id and a bad option are an ErrInvalidArgument. To keep the order of tasks
// in the first place, see [Ordered]. It corresponds to RxGo's Serialize; what
// other libraries call so, calls one at a time, every stream here keeps.
func Serialize[T any](from int, id func(v T) int, opts ...SerializeOption) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(opt.Settings{MaxPending: 1024}, opts)
	switch {
	case id == nil:
		return turbopipes.Invalid[T, T]("Serialize", "id is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("Serialize", bad)
	}
	return turbopipes.Lift(own.Mark+"Serialize", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		s := series[T]{next: from, most: o.MaxPending}
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
