package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// ConcatMap makes a stream of each item, and gives their items, one stream after
// another.
//
//	in:    a-b-|
//	fn(a): -x-y|
//	fn(b): -1-2|
//	out:   -x-y-1-2|
//
// Emits when the stream whose turn it is does. It runs to its end while upstream
// waits in its emit, so nothing is queued. Fails when a stream or upstream
// fails; upstream is stopped first. Completes when upstream has and the last
// stream too.
//
// A graceful stop ends upstream, and the stream whose turn it is runs to its end; with
// [StopInner] the stop ends that one too. Backpressure: upstream waits for the streams, and they for downstream.
// Memory: none. Goroutines: none; fn and the streams run on the subscriber's.
//
// An fn that returns a stream with a ConcatMap of the same fn in it is recursion: each
// level takes some stack, and at a million or so Go ends the process, which nothing
// recovers from. For levels without a bound see [Expand]; for pages, of which one names
// the next, [turbopipes.Paginate]; for steps, [turbopipes.Unfold] and [Repeat]; to try
// again, [Retry].
//
// A nil fn is an ErrInvalidArgument, and so is a zero Observable that fn
// returns. For several streams at once see [FlatMap]; for the newest only,
// [SwitchMap]; for streams that are no function of an item, [Concat]. It
// corresponds to concatMap in RxJS and Reactor, and to RxGo's FlatMap.
func ConcatMap[T, R any](fn func(v T) turbopipes.Observable[R], opts ...InnerOption) turbopipes.Operator[T, R] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case fn == nil:
		return turbopipes.Invalid[T, R]("ConcatMap", "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, R]("ConcatMap", bad)
	}
	return concatMap("ConcatMap", fn, o)
}

func concatMap[T, R any](name string, fn func(v T) turbopipes.Observable[R], o opt.Settings) turbopipes.Operator[T, R] {
	letGo := letsGoOf[T, R]()
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		lost := run.Keep[T](run.At(ctx, name), o.Discard)
		inner, own := run.Inner(ctx, o.StopInner)
		l, inner := lineTo(inner, emit)
		var failed error
		err := in.Push(ctx, func(v T) bool {
			if o.StopInner && stopping(ctx) {
				return lost.Refuse(v)
			}
			var stream turbopipes.Observable[R]
			lost.Try(v, func() { stream = fn(v) })
			before := l.passed // of a ConcatMap that this one is an inner stream of
			l.passed = false
			lostBefore := own.Lost()
			failed = stream.Push(inner, l.pass)
			some := l.passed
			l.passed = before || some
			switch {
			case letGo != nil: // what is in it is counted where it waits
				letGo(v)
			case !some && own.Lost() == lostBefore:
				countCut(inner, lost, lost.Refuse, v, failed)
			}
			return failed == nil && !l.refused
		})
		return fault.Join(failed, err)
	})
}
