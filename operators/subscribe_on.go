package operators

import (
	"context"
	"sync/atomic"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// SubscribeOn runs upstream on another goroutine, which run chooses: for example a
// goroutine of a pool, or a goroutine that is locked to its thread.
//
//	in:  a-b-c-|
//	out: a-b-c-|
//
// Emits when an item arrives. The item is handed over without a queue. Fails and
// completes with upstream, and fails when run panics.
//
// run must call its argument exactly once, at once or later, on any goroutine. The
// call lasts as long as upstream does. run itself is called on a goroutine of
// SubscribeOn, so it may wait. A call after the end of the subscription does
// nothing, and neither does a second call. With a nil run, upstream runs on a new
// goroutine.
//
// Backpressure: upstream waits while downstream is busy. An item that upstream holds
// at an early end counts as discarded, and [OnDiscard] reports it. Memory: none.
// Goroutines: one, for run, joined before SubscribeOn ends. Once upstream has begun,
// it is joined too.
//
// To let upstream run ahead, see [ObserveOn]. It corresponds to subscribeOn in RxJS
// and Reactor, and to Pekko's dispatcher attribute.
func SubscribeOn[T any](run func(task func()), opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	if bad != "" {
		return turbopipes.Invalid[T, T]("SubscribeOn", bad)
	}
	return turbopipes.Lift(own.Mark+"SubscribeOn", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		s := scope.Open(ctx, "SubscribeOn")
		defer s.Close(&err)
		push := feed.Push[T](in.Push)
		if run != nil {
			push = runVia(s, run, in.Push)
		}
		up := feed.NewIntake(s, discarding[T](o), push)
		for {
			if v, got := up.Next(nil); got != feed.Item || !emit(v) {
				return nil // Close reports a failure
			}
		}
	})
}

// runVia returns a Push that runs up on the goroutine that run chooses.
func runVia[T any](s *scope.Scope, run func(func()), up feed.Push[T]) feed.Push[T] {
	return func(ctx context.Context, emit func(T) bool) (err error) {
		var begun atomic.Bool
		ended := make(chan error, 1)
		task := func() {
			if begun.Swap(true) {
				return
			}
			s.Record().Mark(func() {
				fault.Foot(func() error { return up(ctx, emit) }, func(err error) { ended <- err })
			})
		}
		defer func() { // also when run exits its goroutine
			select {
			case err = <-ended:
			case <-ctx.Done():
				if begun.Swap(true) {
					err = <-ended
				}
			case <-turbopipes.Stopping(ctx): // an upstream that has not begun completes
				if begun.Swap(true) {
					err = <-ended
				}
			}
		}()
		s.Record().Settle(ctx) // run is user code
		fault.Foot(func() error { run(task); return nil }, s.Fail)
		return nil
	}
}
