package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// StatefulMap gives fn's result for each item, with a state that is opened for
// the subscription, goes from one call of fn to the next, and is closed at the
// end.
//
//	in:  a-c--b-|   open: a; fn: the later of state and item, and in upper case
//	out: A-C--C-(c|)   close: the state
//
// Emits when fn has returned; completion emits what close gives too, where it says so.
// Fails with the first error of open, which leaves upstream alone, or of fn, after
// upstream was stopped, or when upstream fails. The item that fn has failed on counts
// as failed. One whose fn was cut short by the end of ctx is cancelled, which
// [OnDiscard] hears of. Completes with upstream.
//
// open is called before upstream is subscribed to. close is called exactly once
// after upstream has unwound, however that ended, unless open has failed; its
// result counts only at a completion. It gets the state that the last successful
// call of fn has returned: one that comes with an error is ignored. fn runs for
// one item at a time, and upstream waits. The ctx that open and fn get ends with
// the subscription; a pipeline that they run under it is not cut short by a
// graceful stop.
//
// Backpressure: upstream's emit is downstream's. Memory: one state. Goroutines:
// none; all three run on the subscriber's.
//
// A nil open or fn is an ErrInvalidArgument; a nil close does nothing. Where the
// state is a plain value see [Scan]; without one, [TryMap]. It corresponds to
// Pekko's statefulMap.
func StatefulMap[T, S, R any](open func(ctx context.Context) (S, error), fn func(ctx context.Context, s S, v T) (S, R, error), close func(s S) (last R, ok bool), opts ...turbopipes.LossOption) turbopipes.Operator[T, R] {
	o, bad := lossOptions(opts)
	switch {
	case bad != "":
		return turbopipes.Invalid[T, R]("StatefulMap", bad)
	case open == nil:
		return turbopipes.Invalid[T, R]("StatefulMap", "open is nil")
	case fn == nil:
		return turbopipes.Invalid[T, R]("StatefulMap", "fn is nil")
	case close == nil:
		close = func(S) (last R, ok bool) { return last, false }
	}
	return turbopipes.Lift(own.Mark+"StatefulMap", func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		run.Settle(ctx) // open is user code
		inner := turbopipes.Shield(ctx)
		state, err := open(inner)
		if err != nil {
			return err
		}
		closed := false
		defer func() {
			if !closed {
				close(state)
			}
		}()
		var failed error
		refused := false
		lost := run.Keep[T](run.At(ctx, "StatefulMap"), o.Discard)
		var work run.Work[T]
		defer work.Failed(ctx)
		err = in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			next, r, e := fn(inner, state, v)
			work.Busy = false
			if e != nil {
				failed = fault.Join(e, failedOn(ctx, lost, v, e))
				return false
			}
			state = next
			refused = !emit(r)
			return !refused
		}))
		if err = fault.Join(failed, err); err == nil && !refused {
			closed = true // also when it panics
			if last, ok := close(state); ok {
				emit(last)
			}
		}
		return err
	})
}
