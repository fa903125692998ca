package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// DistinctUntilChanged drops an item whose key equals the key of the item before it.
//
//	in:  a-a-b-b-a-|   key: the letter
//	out: a---b---a-|
//
// Emits when an item comes whose key differs from the key of the item before it, and
// at the first item. Drops the other items, which are not counted in
// [turbopipes.Stats]. Fails and completes with upstream. Memory: one key.
// Goroutines: none; key runs on the subscriber's goroutine.
//
// Keys are compared with ==. A key that is not equal to itself, such as NaN, is a
// new key each time, and its item is emitted. Keys that can't be compared end the
// stream with a PanicError. A nil key function is an ErrInvalidArgument. For items
// that are their own keys, use [Self]. To drop repeats that are not adjacent, see
// [Distinct] and [Dedup]. It corresponds to distinctUntilChanged in RxJS, Reactor
// and RxGo.
func DistinctUntilChanged[T any, K comparable](key func(v T) K) turbopipes.Operator[T, T] {
	if key == nil {
		return turbopipes.Invalid[T, T]("DistinctUntilChanged", "key is nil")
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"DistinctUntilChanged", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		var last K
		started := false
		var work run.Work[T]
		defer work.Failed(ctx)
		return in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			k := key(v)
			again := started && k == last
			work.Busy = false
			if again {
				return out.item(v)
			}
			last, started = k, true
			return emit(v)
		}))
	})
}
