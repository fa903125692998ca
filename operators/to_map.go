package operators

import (
	"context"
	"maps"
	"slices"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ToMap emits one map with all items, by their keys.
//
//	in:  a-b--c-|   key: vowel or consonant
//	out: -------(x|)   x: the vowel a, the consonant c
//
// Emits when upstream completes. For an empty stream the map is empty, but not nil.
// The receiver owns the map. If a key comes again, the new item stays and the old
// one is dropped. Fails with upstream, without a map. The items in the map then
// count as discarded, and [OnDiscard] reports them. A map that is lost later counts
// as its items. Memory: one item per key. Goroutines: none; key runs on the
// subscriber's goroutine.
//
// Keys are compared by ==. A key that is not equal to itself, such as NaN, is a new
// key each time. So all its items are in the map, but only a loop over the map finds
// them. A key that can't be hashed ends the stream with a PanicError. A nil key is
// an ErrInvalidArgument. For other values than the items in the map, see
// [ToMapWithValueSelector]; for more than one item per key, see [ToMultiMap],
// [ReduceWith] or, in parallel, [MapReduce]. It corresponds to Reactor's collectMap
// and RxGo's ToMap.
func ToMap[T any, K comparable](key func(v T) K, opts ...turbopipes.LossOption) turbopipes.Operator[T, map[K]T] {
	if key == nil {
		return turbopipes.Invalid[T, map[K]T]("ToMap", "key is nil")
	}
	return toMap("ToMap", key, Self[T], opts)
}

func toMap[T any, K comparable, V any](name string, key func(T) K, value func(T) V, opts []turbopipes.LossOption) turbopipes.Operator[T, map[K]V] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, map[K]V](name, bad)
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(map[K]V) bool) (err error) {
		lost := run.Keep[V](run.At(ctx, name), o.Discard)
		run.NoteBatches(lost.Record(), func(m map[K]V, yield func(item any)) {
			for _, v := range m {
				yield(v)
			}
		})
		all := map[K]V{}
		defer func() { err = fault.Join(err, lost.Discard(slices.Collect(maps.Values(all))...)) }()
		var work run.Work[T]
		defer work.Failed(ctx)
		err = in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			all[key(v)] = value(v)
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
