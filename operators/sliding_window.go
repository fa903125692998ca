package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// SlidingWindow emits slices of n items. A slice begins at every step-th item.
//
//	in:  a-b-c-d-e-f-|   n: 3, step: 2
//	out: ----x---y---|   x: a b c, y: c d e
//
// Emits when a slice is full. A stream that is shorter than n emits no slice.
// With [Partial], completion emits one shorter slice if there is an item that was in
// no slice. If step is greater than n, the items in the gaps are dropped. Fails
// with upstream. The items that were in no slice are discarded then or, with
// [FlushOnError], emitted before the error.
//
// A lost slice counts as its items, and [OnDiscard] reports each of them. Items that
// no slice takes are not counted. Downstream owns the slices. Backpressure:
// upstream's emit is downstream's. Memory: n items. Goroutines: none; it runs on
// the subscriber's goroutine.
//
// An n or a step below 1 is an ErrInvalidArgument. To emit every slice that has begun at completion, see
// [BufferWithCount] with [WithStep]. It corresponds to Pekko's sliding; RxJS's
// bufferCount and Reactor's buffer are BufferWithCount with WithStep.
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
		s := slidingSlice[T]{size: n, step: step}
		lost := run.Keep[T](run.At(ctx, "SlidingWindow"), o.Discard)
		run.NoteSlices[T](lost.Record())
		complete := false
		defer func() {
			if !complete {
				err = fault.Join(err, lost.Discard(s.left()...))
			}
		}()
		return runBuffer(ctx, o.FlushOnError, in, func(v T) bool {
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

// runBuffer runs a fused buffer. item takes the items. rest emits the items that are
// left at completion and, with FlushOnError, before an error.
func runBuffer[T any](ctx context.Context, onError bool, in turbopipes.Observable[T], item func(T) bool, rest func(failed bool)) (err error) {
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
