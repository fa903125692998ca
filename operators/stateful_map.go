package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// StatefulMap emits fn's result for each item. fn works with a state: open makes it
// for each subscription, each call of fn passes it to the next call, and close
// closes it at the end.
//
//	in:  a-c--b-|   open: a; fn: the later of state and item, and in upper case
//	out: A-C--C-(c|)   close: the state
//
// Emits when fn has returned. At completion it also emits the result of close, if
// close returns true. Fails with the first error of open, and upstream is not
// subscribed to then. Fails with the first error of fn, after upstream was stopped,
// or when upstream fails. The item on which fn failed counts as failed. An item
// whose fn was cut short by the end of ctx counts as cancelled, and [OnDiscard]
// reports it. Completes with upstream.
//
// open is called before upstream is subscribed to. close is called exactly once,
// after upstream has unwound, no matter how upstream ended. It is not called if open
// has failed. Its result is used only at a completion. close receives the state that
// the last successful call of fn returned: a state that fn returns with an error is
// ignored. fn runs for one item at a time, and upstream waits. The ctx of open and
// fn ends with the subscription. A graceful stop does not cut short a pipeline that
// they run under this ctx.
//
// Backpressure: upstream's emit is downstream's. Memory: one state. Goroutines:
// none; open, fn and close run on the subscriber's goroutine.
//
// A nil open or fn is an ErrInvalidArgument. A nil close does nothing. If the state
// is a plain value, see [Scan]; without a state, see [TryMap]. It corresponds to
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
				failed = fault.Join(e, countFailed(ctx, lost, v, e))
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
