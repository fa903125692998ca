package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Dedup drops an item whose key it remembers. It remembers a limited number of keys,
// for a limited time.
//
//	in:  a-a-b-a-a-|   key: the letter; n: 2; ttl: 5
//	out: a---b-a---|
//
// Emits when an item comes whose key is not remembered; from then on the key is.
// Drops the other items, which are not counted in [turbopipes.Stats]. A key is
// forgotten when ttl has passed since it was remembered, however often it was
// repeated, and when n newer keys are remembered. With a ttl of 0 no key expires.
// Fails and completes with upstream.
//
// The time of an item is the time at which it is received; there is no timer.
// Memory: n keys. Goroutines: none; key runs on the subscriber's goroutine.
//
// Keys are compared with ==. A key that is not equal to itself, such as NaN, is a
// new key each time: its item is emitted, and the key is not remembered. A key that
// can't be hashed ends the stream with a PanicError. A nil key function, an n below
// 1 and a negative ttl are an ErrInvalidArgument. For items that are their own keys,
// use [Self]. To remember all keys, see [Distinct]; only the last key,
// [DistinctUntilChanged]. It corresponds to nothing in RxJS, Reactor, Pekko or RxGo,
// whose distinct operators remember all keys.
func Dedup[T any, K comparable](key func(v T) K, n int, ttl time.Duration) turbopipes.Operator[T, T] {
	switch {
	case key == nil:
		return turbopipes.Invalid[T, T]("Dedup", "key is nil")
	case n < 1:
		return turbopipes.Invalid[T, T]("Dedup", opt.TooSmall("n", n, 1))
	case ttl < 0:
		return turbopipes.Invalid[T, T]("Dedup", opt.Negative("ttl", ttl))
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"Dedup", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		seen := recentKeys[K]{capacity: uint64(n), ttl: ttl}
		begin := time.Now()
		var work run.Work[T]
		defer work.Failed(ctx)
		return in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			k, now := key(v), time.Duration(0)
			if ttl > 0 {
				now = time.Since(begin)
			}
			isNew := seen.isNew(k, now)
			work.Busy = false
			if isNew {
				return emit(v)
			}
			return out.item(v)
		}))
	})
}
