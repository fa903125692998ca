package operators

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Race runs upstream and the others at the same time. It emits the items of the
// stream that is the first to emit or to end, and cancels the others.
//
//	a:   ---a-b-|
//	b:   --x--y-z|
//	out: --x--y-z|
//
// Emits when the first stream does. An error or a completion may also come first,
// and is then the result. The others are cancelled at once. The first stream's items
// do not wait until the others have unwound, but its end does. Items that the others
// still emit are ignored. Their own ends are ignored too, and are no error. Two
// things are reported after the first stream's end: a clean-up error that is joined
// to the end of the stream's ctx, and a panic. Fails and completes with the first
// stream.
//
// If several streams come in the same instant, any of them may be first. A graceful
// stop completes the sources of all streams, even if none is first yet.
// Backpressure: the first stream waits while downstream is busy. Items that are lost
// at an early end count as discarded, and [turbopipes.WithLossHook] reports them.
// Memory: none. Goroutines: one per stream, joined before Race ends.
//
// Without others, Race lets upstream through unchanged. To race a slice of streams,
// apply Race to [turbopipes.Never]. A zero Observable among others is an
// ErrInvalidArgument. For the items of all streams, see [Merge]. It corresponds to
// RxJS's race, Reactor's firstWithSignal and RxGo's Amb.
func Race[T any](others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if bad := zeroOtherText(others); bad != "" {
		return turbopipes.Invalid[T, T]("Race", bad)
	}
	return turbopipes.Lift(own.Mark+"Race", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if len(others) == 0 {
			return in.Push(ctx, emit)
		}
		r := raceRun[T]{Intake: feed.LayIntake(scope.Open(ctx, "Race"), run.Hooks[T]{})}
		defer func() {
			r.Close(&err)
			err = fault.Join(err, fault.Join(r.late...))
		}()
		r.run(in, others)
		for {
			if v, got := r.Next(nil); got != feed.Item || !emit(v) {
				return nil
			}
		}
	})
}

var errOutrun = errors.New("turbopipes: another stream was first")

// raceRun is the state that the streams of one Race share. The upstream of its Intake
// is the stream that is first.
type raceRun[T any] struct {
	*feed.Intake[T]
	first  atomic.Int64
	cancel []context.CancelCauseFunc

	mu   sync.Mutex // guards late
	late []error    // of the other streams, to be reported at the end
}

// run starts the streams, each under its own ctx. It makes every ctx before the
// first stream starts, because that stream may be first at once.
func (r *raceRun[T]) run(in turbopipes.Observable[T], others []turbopipes.Observable[T]) {
	labelled := r.Labelled()
	owns := make([]context.Context, len(others)+1)
	r.cancel = make([]context.CancelCauseFunc, len(owns))
	for i := range owns {
		owns[i], r.cancel[i] = context.WithCancelCause(labelled)
	}
	for i, own := range owns {
		stream := in
		if i > 0 {
			stream = others[i-1]
		}
		r.Upstream(func(ctx context.Context) error {
			own := r.Record().Moved(own, ctx)
			return stream.Push(own, func(v T) bool { return r.picks(i) && r.Hand(v) })
		}, func(err error) { r.ended(i, own, err) })
	}
}

// picks reports whether stream i is the first one. If none is first yet, stream i
// becomes the first, and picks cancels the others.
func (r *raceRun[T]) picks(i int) bool {
	number := int64(i) + 1
	if r.first.Load() == number {
		return true
	}
	if !r.first.CompareAndSwap(0, number) {
		return false
	}
	for j, cancel := range r.cancel {
		if j != i {
			cancel(errOutrun)
		}
	}
	return true
}

// ended is called when stream i has ended with err.
func (r *raceRun[T]) ended(i int, own context.Context, err error) {
	if r.picks(i) {
		r.End(err)
		return
	}
	if outrun := errors.Is(context.Cause(own), errOutrun); outrun && !isCleanUpError(err) {
		return
	}
	r.mu.Lock()
	r.late = append(r.late, fault.Strip(own, err))
	r.mu.Unlock()
}

// isCleanUpError reports whether err is more than the late end of a stream that has lost
// the race: an error that the cancellation caused, or a panic.
func isCleanUpError(err error) bool {
	p := (*turbopipes.PanicError)(nil)
	return errors.Is(err, errOutrun) || errors.Is(err, context.Canceled) || errors.Is(err, turbopipes.ErrGoexit) || errors.As(err, &p)
}
