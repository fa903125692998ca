package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ToMultiMap emits one map with all items: for each key a slice of its items.
//
//	in:  a-b--e-|   key: vowel or consonant
//	out: -------(x|)   x: the vowels a and e, the consonant b
//
// Emits when upstream completes. For an empty stream the map is empty, but not nil.
// The items of a key are in the order in which they arrived. The receiver owns the
// map and its slices. Fails with upstream, without a map. The items then count as
// discarded, and [OnDiscard] reports them. A map that is lost later counts as its
// items. Memory: all items. Goroutines: none; key runs on the subscriber's
// goroutine.
//
// Keys are compared by ==. A key that is not equal to itself, such as NaN, is a new
// key each time. So each of its items has a slice of its own, and only a loop over
// the map finds these slices. A key that can't be hashed ends the stream with a
// PanicError. A nil key is an ErrInvalidArgument. For one item per key, see [ToMap];
// for one stream per key, see [GroupBy]; for a count or a sum per key, see
// [ReduceWith]. It corresponds to Reactor's collectMultimap.
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
