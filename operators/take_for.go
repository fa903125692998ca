package operators

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
)

// TakeFor lets items through for a while, and completes then.
//
//	in:  a-b-c-d-|   d: 3
//	out: a-b|
//
// Emits when an item comes. Fails when upstream fails before. Completes d after
// the subscription, with upstream cancelled and reaped, or with upstream.
//
// Backpressure: upstream's emit is downstream's; a busy downstream is cut off
// when it is done with its item. Memory: none. Goroutines: none but the timer's.
//
// With d ≤ 0 it completes without subscribing. To stop at a signal see
// [TakeUntil]; for a limit that is a failure see [Timeout] with [Total]. It
// corresponds to RxJS's takeUntil(timer), Reactor's take(Duration) and Pekko's
// takeWithin.
func TakeFor[T any](d time.Duration) turbopipes.Operator[T, T] {
	return turbopipes.Lift("TakeFor", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		if d <= 0 {
			return nil
		}
		own, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		var cut atomic.Bool
		timer := afterFunc(d, func() {
			cut.Store(true)
			cancel(errTimeUp)
		})
		defer timer.join()
		// Asked again behind emit: upstream must not fetch an item to be refused.
		err := in.Push(own, func(v T) bool { return !cut.Load() && emit(v) && !cut.Load() })
		return fault.Strip(own, err)
	})
}

var errTimeUp = errors.New("turbopipes: time is up")

// joinedTimer is a time.AfterFunc whose function has ended when join returns.
type joinedTimer struct {
	timer *time.Timer
	ran   chan struct{}
}

func afterFunc(d time.Duration, f func()) joinedTimer {
	ran := make(chan struct{})
	return joinedTimer{time.AfterFunc(d, func() { defer close(ran); f() }), ran}
}

func (j joinedTimer) join() {
	if !j.timer.Stop() {
		<-j.ran
	}
}
