package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ToMultiMap gives all items as one map, each key with a slice of its items.
//
//	in:  a-b--e-|   key: vowel or consonant
//	out: -------(x|)   x: the vowels a and e, the consonant b
//
// Emits when upstream completes; an empty stream gives an empty map, which is not nil.
// The items of a key are in their order of arrival. The map and its slices are the
// receiver's. Fails with upstream, without a map; the items count as discarded then.
// [OnDiscard] hears of them. A map that is lost later counts as its items. Memory:
// every item. Goroutines: none; key runs on the subscriber's.
//
// Keys are compared by ==; a NaN equals no other. A key that can't be hashed
// panics. A nil key is an ErrInvalidArgument. For one item a key, see [ToMap]; for a
// stream for each key, [GroupBy]; for a count or a sum for each key, [ReduceWith]. It
// corresponds to Reactor's collectMultimap.
func ToMultiMap[T any, K comparable](key func(v T) K, opts ...turbopipes.LossOption) turbopipes.Operator[T, map[K][]T] {
	o, bad := lossOptions(opts)
	switch {
	case key == nil:
		return turbopipes.Invalid[T, map[K][]T]("ToMultiMap", "key is nil")
	case bad != "":
		return turbopipes.Invalid[T, map[K][]T]("ToMultiMap", bad)
	}
	return turbopipes.Lift(own.Mark+"ToMultiMap", func(ctx context.Context, in turbopipes.Observable[T], emit func(map[K][]T) bool) (err error) {
		lost := run.Keep[T](run.At(ctx, "ToMultiMap"), o.Discard)
		run.NoteBatches(lost.Record(), func(m map[K][]T, yield func(item any)) {
			for _, items := range m {
				for _, v := range items {
					yield(v)
				}
			}
		})
		all := map[K][]T{}
		defer func() {
			for _, items := range all {
				err = fault.Join(err, lost.Discard(items...))
			}
		}()
		var work run.Work[T]
		defer work.Failed(ctx)
		err = in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			k := key(v)
			all[k] = append(all[k], v)
			work.Busy = false
			return true
		}))
		if err == nil { // nothing was emitted, so nothing was refused
			full := all
			all = nil
			emit(full)
		}
		return err
	})
}
