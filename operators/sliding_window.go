package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// SlidingWindow gives slices of n items that begin at every step-th item.
//
//	in:  a-b-c-d-e-f-|   n: 3, step: 2
//	out: ----x---y---|   x: a b c, y: c d e
//
// Emits when a slice is full. A stream that is shorter gives none. With [Partial],
// completion emits one shorter slice if it has an item that no slice has had.
// Where step is more than n, the items in the gaps are dropped. Fails with
// upstream; what no slice has had is discarded, or, with
// [FlushOnError], emitted before the error.
//
// A slice that is lost counts as its items, which [OnDiscard] hears of; what
// no slice takes counts nowhere.
// Downstream owns the slices. Backpressure: upstream's emit is downstream's.
// Memory: n items. Goroutines: none; it runs inside its subscriber's.
//
// An n or a step below 1 is an ErrInvalidArgument. To have all slices that have begun come out at completion,
// see [BufferWithCount] with [WithStep]. It corresponds to Pekko's sliding;
// RxJS's bufferCount and Reactor's buffer are BufferWithCount with WithStep.
func SlidingWindow[T any](n, step int, opts ...SlidingWindowOption) turbopipes.Operator[T, []T] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, []T]("SlidingWindow", opt.TooSmall("n", n, 1))
	case step < 1:
		return turbopipes.Invalid[T, []T]("SlidingWindow", opt.TooSmall("step", step, 1))
	case bad != "":
		return turbopipes.Invalid[T, []T]("SlidingWindow", bad)
	}
	return turbopipes.Lift(own.Mark+"SlidingWindow", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		s := sliding[T]{size: n, step: step}
		lost := run.Keep[T](run.At(ctx, "SlidingWindow"), o.Discard)
		run.NoteSlices[T](lost.Record())
		complete := false
		defer func() {
			if !complete {
				err = fault.Join(err, lost.Discard(s.left()...))
			}
		}()
		return flushing(ctx, o.FlushOnError, in, func(v T) bool {
			full := s.item(v)
			return full == nil || emit(full)
		}, func(failed bool) {
			complete = true
			if rest := s.rest(); (o.Partial || failed) && rest != nil {
				emit(rest)
			}
		})
	})
}

// flushing runs a fused buffer: item takes the items, and rest emits what is left at
// completion and, where onError is set, before an error, which failed tells.
func flushing[T any](ctx context.Context, onError bool, in turbopipes.Observable[T], item func(T) bool, rest func(failed bool)) (err error) {
	refused := false
	pass := func(v T) bool {
		refused = !item(v)
		return !refused
	}
	if onError {
		_, err = turbopipes.Guard(ctx, in, pass)
	} else {
		err = in.Push(ctx, pass)
	}
	if !refused && (err == nil || onError && ctx.Err() == nil) {
		rest(err != nil)
	}
	return err
}
