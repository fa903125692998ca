package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// TryMap emits fn's result for each item. fn may take time, and may fail.
//
//	in:  a-b--x-c-|   fn: to upper case; it fails on x
//	out: A-B--#
//
// Emits when fn has returned. Fails with the first error of fn, after upstream was
// stopped, or when upstream fails. The item on which fn failed counts as failed. An
// item whose fn was cut short by the end of ctx counts as cancelled, and [OnDiscard]
// reports it. Completes with upstream.
//
// fn runs for one item at a time, and upstream waits. The ctx of fn ends with the
// subscription. A graceful stop does not cut short a pipeline that fn runs under
// this ctx. Backpressure: upstream's emit is downstream's. Memory: none. Goroutines:
// none; fn runs on the subscriber's goroutine.
//
// A nil fn is an ErrInvalidArgument. For several items at a time, see [Parallel];
// for a function that can't fail, see [Map]. To continue after a failure, wrap fn in
// [AsResults]. It corresponds to RxGo's Map, and to concatMap with streams of one
// item in RxJS and Reactor.
func TryMap[T, R any](fn func(ctx context.Context, v T) (R, error), opts ...turbopipes.LossOption) turbopipes.Operator[T, R] {
	o, bad := lossOptions(opts)
	switch {
	case fn == nil:
		return turbopipes.Invalid[T, R]("TryMap", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, R]("TryMap", bad)
	}
	return turbopipes.Lift(own.Mark+"TryMap", func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		inner := turbopipes.Shield(ctx)
		var failed error
		lost := run.Keep[T](run.At(ctx, "TryMap"), o.Discard)
		var work run.Work[T]
		defer work.Failed(ctx)
		err := in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			r, e := fn(inner, v)
			work.Busy = false
			if e != nil {
				failed = fault.Join(e, countFailed(ctx, lost, v, e))
				return false
			}
			return emit(r)
		}))
		return fault.Join(failed, err)
	})
}

// countFailed accounts for v after a function of the user has failed on it with err. v
// counts as failed, or as cancelled if the end of ctx has cut the function short.
func countFailed[T any](ctx context.Context, lost run.Account[T], v T, err error) error {
	if fault.Cut(ctx, err) {
		return lost.Cancel(context.Cause(ctx), v)
	}
	lost.FailedOn(v)
	return nil
}
