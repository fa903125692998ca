package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// BufferWithCount collects items into slices of n.
//
//	in:  a-b-c-d-e-|   n: 2
//	out: --x---y---(z|)   x: a b, y: c d, z: e
//
// Emits when a slice is full. At completion it emits a last, shorter slice if items
// are left; an empty stream emits no slice. Each slice is a new one, and downstream
// owns it. [WithStep] makes a slice begin at every step-th item instead of every
// n-th. At completion it then emits all slices under construction, the oldest first.
// Items in gaps between slices are dropped, and are not counted in
// [turbopipes.Stats]. Fails as soon as upstream fails. The items of a slice under
// construction are then discarded, unless [FlushOnError] emits them. A lost slice
// counts as its items, and [OnDiscard] is called for each of them.
//
// Backpressure: upstream's emit calls downstream's, so upstream waits while
// downstream is busy. Memory: n items, also when slices overlap. Goroutines: none;
// it runs on the subscriber's goroutine.
//
// An n below 1 is an ErrInvalidArgument. To let time close a slice too, see
// [BufferWithTimeOrCount]. It corresponds to RxJS's bufferCount, Reactor's buffer
// and RxGo's BufferWithCount. RxGo's emits the items that it holds after an error.
func BufferWithCount[T any](n int, opts ...BufferWithCountOption) turbopipes.Operator[T, []T] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, []T]("BufferWithCount", opt.TooSmall("n", n, 1))
	case bad != "":
		return turbopipes.Invalid[T, []T]("BufferWithCount", bad)
	case o.Step == 0:
		o.Step = n
	}
	return turbopipes.Lift(own.Mark+"BufferWithCount", func(ctx context.Context, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
		lost := run.Keep[T](run.At(ctx, "BufferWithCount"), o.Discard)
		run.NoteSlices[T](lost.Record())
		if o.Step == n && n <= maxBufferCapacity && !o.FlushOnError {
			return runBatches(ctx, lost, n, in, emit)
		}
		b := openBuffers[T]{n: n, step: o.Step}
		defer func() { err = fault.Join(err, lost.Discard(b.left()...)) }()
		refused := false
		item := func(v T) bool {
			full := b.add(v)
			refused = full != nil && !emit(full)
			return !refused
		}
		if o.FlushOnError {
			_, err = turbopipes.Guard(ctx, in, item)
		} else {
			err = in.Push(ctx, item)
		}
		if err == nil || o.FlushOnError && ctx.Err() == nil {
			for !refused && !b.none() && ctx.Err() == nil {
				refused = !emit(b.take())
			}
		}
		return err
	})
}

// runBatches is the usual case: each item is in exactly one slice. It takes 6 ns for an
// item instead of 9.
func runBatches[T any](ctx context.Context, lost run.Account[T], n int, in turbopipes.Observable[T], emit func([]T) bool) (err error) {
	var (
		batch   []T
		held    int
		refused bool
	)
	defer func() { err = fault.Join(err, lost.Discard(batch[:held]...)) }()
	err = in.Push(ctx, func(v T) bool {
		if held == 0 {
			batch = make([]T, n)
		}
		batch[held] = v
		if held++; held < n {
			return true
		}
		full := batch
		batch, held = nil, 0
		refused = !emit(full)
		return !refused
	})
	if err == nil && !refused && held > 0 {
		rest := batch[:held]
		held = 0
		emit(rest)
	}
	return err
}
