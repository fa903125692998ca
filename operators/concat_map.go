package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ConcatMap makes a stream of each item, and emits the items of these streams, one
// stream after another.
//
//	in:    a-b-|
//	fn(a): -x-y|
//	fn(b): -1-2|
//	out:   -x-y-1-2|
//
// Emits when the stream whose turn it is does. That stream runs to its end while
// upstream waits in its emit, so nothing is queued. Fails when a stream or upstream
// fails; upstream is stopped first. Completes when upstream and the last stream have
// completed.
//
// A graceful stop ends upstream, and the stream whose turn it is runs to its end.
// With [StopInner] the stop ends that stream too. An item counts as discarded when
// no stream begins for it after the stop, or when its stream is cut short before the
// stream has emitted an item or counted one; [OnDiscard] is called for it.
// Backpressure: upstream waits for the streams, and the streams wait for downstream.
// Memory: none. Goroutines: none; fn and the streams run on the subscriber's
// goroutine.
//
// An fn that returns a stream with a ConcatMap of the same fn is a recursion. Each
// level takes some stack. At about a million levels Go ends the process, and nothing
// can recover from that. For levels without a limit, see [Expand]; for pages that
// name the next page, [turbopipes.Paginate]; for steps, [turbopipes.Unfold] and
// [Repeat]; to try again, [Retry].
//
// A nil fn is an ErrInvalidArgument, and so is a zero Observable that fn returns. To
// run several streams at once, see [FlatMap]; to run only the newest, [SwitchMap];
// for streams that do not depend on an item, [Concat]. It corresponds to concatMap
// in RxJS and Reactor, and to RxGo's FlatMap.
func ConcatMap[T, R any](fn func(v T) turbopipes.Observable[R], opts ...InnerOption) turbopipes.Operator[T, R] {
	o, bad := innerOptionsOf(opts)
	switch {
	case fn == nil:
		return turbopipes.Invalid[T, R]("ConcatMap", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, R]("ConcatMap", bad)
	}
	return concatMap("ConcatMap", fn, o)
}

func concatMap[T, R any](name string, fn func(v T) turbopipes.Observable[R], o innerOptions) turbopipes.Operator[T, R] {
	letGo := letGoFuncOf[T, R]()
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		lost := run.Keep[T](run.At(ctx, name), o.Discard)
		inner, own := run.Inner(ctx, o.StopInner)
		l, inner := concatLineTo(inner, emit)
		var failed error
		err := in.Push(ctx, func(v T) bool {
			if o.StopInner && stopRequested(ctx) {
				return lost.Refuse(v)
			}
			var stream turbopipes.Observable[R]
			lost.Try(v, func() { stream = fn(v) })
			before := l.passed // of an outer ConcatMap, which has this one as an inner stream
			l.passed = false
			lostBefore := own.Lost()
			failed = stream.Push(inner, l.pass)
			some := l.passed
			l.passed = before || some
			switch {
			case letGo != nil: // v is a stream: its items are counted where they wait
				letGo(v)
			case !some && own.Lost() == lostBefore:
				countCut(inner, lost, lost.Refuse, v, failed)
			}
			return failed == nil && !l.refused
		})
		return fault.Join(failed, err)
	})
}
