package operators

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
)

// TakeFor lets items through for the time d, and then completes.
//
//	in:  a-b-c-d-|   span: 3
//	out: a-b|
//
// Emits when an item arrives. Fails when upstream fails before the end. Completes d
// after the subscription, when upstream was cancelled and reaped, or with upstream.
//
// Backpressure: upstream's emit is downstream's. If downstream is busy when the time
// is up, the stream ends when downstream has finished with its item. Memory: none.
// Goroutines: only the timer's.
//
// With d ≤ 0, TakeFor completes without subscribing. To stop at a signal, see
// [TakeUntil]; to fail at the limit, see [Timeout] with [WithScope] and [WholeRun].
// It corresponds to RxJS's takeUntil(timer), Reactor's take(Duration) and Pekko's
// takeWithin.
func TakeFor[T any](span time.Duration) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"TakeFor", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		if span <= 0 {
			return nil
		}
		own, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		var cut atomic.Bool
		timer := startJoinedTimer(span, func() {
			cut.Store(true)
			cancel(errTimeUp)
		})
		defer timer.join()
		// Checked again after emit, so that upstream does not fetch an item that is refused.
		err := in.Push(own, func(v T) bool { return !cut.Load() && emit(v) && !cut.Load() }) // the stream has completed: nothing is lost
		return fault.Strip(own, err)
	})
}

var errTimeUp = errors.New("turbopipes: time is up")

// joinedTimer is a time.AfterFunc whose function has ended when join returns.
type joinedTimer struct {
	timer *time.Timer
	ran   chan struct{}
}

func startJoinedTimer(d time.Duration, f func()) joinedTimer {
	ran := make(chan struct{})
	return joinedTimer{time.AfterFunc(d, func() { defer close(ran); f() }), ran}
}

func (j joinedTimer) join() {
	if !j.timer.Stop() {
		<-j.ran
	}
}
