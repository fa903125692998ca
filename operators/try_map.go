package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
)

// TryMap gives fn's result for each item, where fn may take its time and may
// fail.
//
//	in:  a-b--x-c-|   fn: to upper case; it fails on x
//	out: A-B--#
//
// Emits when fn has returned. Fails with the first error of fn, after upstream
// was stopped, or when upstream fails. Completes with upstream.
//
// fn runs for one item at a time, and upstream waits. The ctx that it gets ends
// with the subscription; a pipeline that fn runs under it is not cut short by a
// graceful stop. Backpressure: upstream's emit is downstream's. Memory: none.
// Goroutines: none; fn runs on the subscriber's.
//
// A nil fn is an ErrInvalidArgument. For several items at a time see [Parallel];
// for work that can't fail, [Map]. To go on behind a failure, give [AsResults]
// of fn. It corresponds to RxGo's Map, and to concatMap with one-item streams in
// RxJS and Reactor.
func TryMap[T, R any](fn func(ctx context.Context, v T) (R, error)) turbopipes.Operator[T, R] {
	if fn == nil {
		return turbopipes.Invalid[T, R]("TryMap", "fn is nil")
	}
	return turbopipes.Lift(own.Mark+"TryMap", func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		inner := turbopipes.Shield(ctx)
		var failed error
		err := in.Push(ctx, func(v T) bool {
			r, e := fn(inner, v)
			failed = e
			return e == nil && emit(r)
		})
		return fault.Join(failed, err)
	})
}
