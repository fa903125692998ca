package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/ring"
	"github.com/turbopipes/turbopipes/internal/run"
)

// TakeLast emits the last n items.
//
//	in:  a-b-c-d-|   n: 2
//	out: --------(cd|)
//
// Emits when upstream completes: the last n items in their order, or all items if
// there are fewer. Drops the items before. Fails with upstream, without the items
// that it holds. Held items that are not delivered count as discarded, and
// [OnDiscard] reports them.
//
// Backpressure: upstream is never held. Memory: n items, or all items if there are
// fewer. Goroutines: none; it runs on the subscriber's goroutine.
//
// With an n of 0, TakeLast completes without subscribing to upstream. A negative n
// is an ErrInvalidArgument. For only one item, see [Last], which fails if there is
// none; for the other items, see [SkipLast]. It corresponds to takeLast in RxJS,
// Reactor and RxGo.
func TakeLast[T any](n int, opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	switch {
	case n < 0:
		return turbopipes.Invalid[T, T]("TakeLast", opt.TooSmall("n", n, 0))
	case bad != "":
		return turbopipes.Invalid[T, T]("TakeLast", bad)
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"TakeLast", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if n == 0 {
			return nil
		}
		var held ring.Ring[T]
		lo, hi := uint64(0), uint64(0)
		take := func() T {
			lo++
			return held.Take(lo - 1)
		}
		defer func() {
			var left []T
			for lo < hi {
				left = append(left, take())
			}
			err = fault.Join(err, run.Keep[T](run.At(ctx, "TakeLast"), o.Discard).Discard(left...))
		}()
		err = in.Push(ctx, func(v T) bool {
			if hi-lo == uint64(n) {
				out.item(take())
			}
			held.Grow(lo, hi)
			*held.At(hi) = v
			hi++
			return true
		})
		for more := err == nil; more && lo < hi; {
			more = emit(take())
		}
		return err
	})
}
