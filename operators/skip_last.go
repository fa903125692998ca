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

// SkipLast drops the last n items.
//
//	in:  a-b-c-d-|   n: 2
//	out: ----a-b-|
//
// Emits when an item arrives: the item that came n items earlier. Drops the last n
// items when upstream completes. Fails with upstream, at once. When it fails, or
// when downstream stops, the items that it holds count as discarded, and [OnDiscard]
// reports them.
//
// Memory: n items. Goroutines: none; it runs on the subscriber's goroutine.
//
// An n of 0 lets every item through. A negative n is an ErrInvalidArgument. For the
// items that it drops, see [TakeLast]; to drop the first items, see [Skip]. It
// corresponds to skipLast in RxJS, Reactor and RxGo.
func SkipLast[T any](n int, opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	switch {
	case n < 0:
		return turbopipes.Invalid[T, T]("SkipLast", opt.TooSmall("n", n, 0))
	case bad != "":
		return turbopipes.Invalid[T, T]("SkipLast", bad)
	}
	out := newLeaveOut[T]()
	return turbopipes.Lift(own.Mark+"SkipLast", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if n == 0 {
			return in.Push(ctx, emit)
		}
		var held ring.Ring[T]
		lo, hi := uint64(0), uint64(0)
		refused, complete := false, false
		defer func() {
			if complete {
				for ; out != nil && lo < hi; lo++ {
					out.item(held.Take(lo))
				}
				return
			}
			var left []T
			for ; lo < hi; lo++ {
				left = append(left, held.Take(lo))
			}
			err = fault.Join(err, run.Keep[T](run.At(ctx, "SkipLast"), o.Discard).Discard(left...))
		}()
		err = in.Push(ctx, func(v T) bool {
			var due T
			full := hi-lo == uint64(n)
			if full {
				due = held.Take(lo)
				lo++
			}
			held.Grow(lo, hi)
			*held.At(hi) = v
			hi++
			refused = full && !emit(due)
			return !refused
		})
		complete = err == nil && !refused
		return err
	})
}
