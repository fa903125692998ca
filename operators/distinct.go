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

// Distinct drops an item whose key an earlier item had.
//
//	in:  a-b-a-c-b-|   key: the letter
//	out: a-b---c---|
//
// Emits when an item comes with a key that no item had before. Drops the other
// items, which are not counted in [turbopipes.Stats]. Fails and completes with
// upstream. Memory: every key, for as long as the stream runs. With [WithMaxKeys] it
// fails with an ErrOverflow instead of keeping more keys. The item with the key that
// is too many counts as discarded, and [OnDiscard] is called for it. Goroutines:
// none; key runs on the subscriber's goroutine.
//
// Keys are compared with ==. A key that is not equal to itself, such as NaN, is a
// new key each time: its item is emitted, and the key is not kept. A key that can't
// be hashed ends the stream with a PanicError. A nil key function is an
// ErrInvalidArgument. For items that are their own keys, use [Self]. For a stream
// without an end, see [Dedup], which forgets keys; for adjacent repeats,
// [DistinctUntilChanged]. It corresponds to distinct in RxJS, Reactor and RxGo.
func Distinct[T any, K comparable](key func(v T) K, opts ...DistinctOption) turbopipes.Operator[T, T] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case key == nil:
		return turbopipes.Invalid[T, T]("Distinct", "key is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("Distinct", bad)
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"Distinct", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		lost := run.Keep[T](run.At(ctx, "Distinct"), o.Discard)
		var work run.Work[T]
		defer work.Failed(ctx)
		seen := make(map[K]struct{})
		var full error
		err := in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			k := key(v)
			_, again := seen[k]
			work.Busy = false
			if again {
				return out.item(v)
			}
			if k != k { // a NaN is never found again, so it would be kept for nothing
				return emit(v)
			}
			if o.MaxKeys > 0 && len(seen) == o.MaxKeys {
				full = fmt.Errorf("%w: Distinct: more than %d keys", turbopipes.ErrOverflow, o.MaxKeys)
				return lost.RefuseFor(full, v)
			}
			seen[k] = struct{}{}
			return emit(v)
		}))
		return fault.Join(full, err)
	})
}

// DistinctOption is an option of [Distinct]: [WithMaxKeys] and [OnDiscard] are.
type DistinctOption interface{ opt.DistinctOption }

type distinctSetting struct {
	opt.Set
	opt.ForDistinct
}

// WithMaxKeys makes [Distinct] stop upstream and fail with an ErrOverflow at the
// first item with one key more than n. n < 1 is an ErrInvalidArgument.
func WithMaxKeys(n int) DistinctOption {
	return distinctSetting{Set: func(s *opt.Settings) string {
		s.MaxKeys = n
		return opt.AtLeast("WithMaxKeys", "n", n, 1)
	}}
}
