package delivery

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
)

// End is how a stream has ended, which [Session].Close learns.
type End = turbopipes.End

// Through opens a session of src for each subscription, and runs the pipeline that use
// makes of its deliveries. It closes the session when all of the pipeline has ended:
// the events that are settled by then are committed, and the others come again.
//
// use subscribes to its argument once; a second subscription fails, see [Tee]. A
// pipeline that settles nothing commits nothing: end it with [Each] or [AckAll].
//
// When the stream has completed, and deliveries are open that no stage has left open on
// purpose, it fails with an [ErrForgotten]. While it runs, [OnStall] reports an event
// that holds the others back.
//
// A graceful stop fetches no more, finishes what was fetched, commits and leaves. A
// Dispose cancels the tasks, commits what was done, gives back what was not, and leaves.
// Both wait for [CloseTimeout] at most for the broker. Backpressure: a pipeline that is
// busy holds the session, which stops fetching. Goroutines: those of the session and of
// the pipeline, and one for OnStall, joined before the stream ends. A nil src or use is
// an ErrInvalidArgument.
func Through[T, R any](src Source[T], use func(turbopipes.Observable[Delivery[T]]) turbopipes.Observable[R], opts ...SessionOption) turbopipes.Observable[R] {
	s, bad := settingsOf(opts)
	switch {
	case src == nil:
		bad = "src is nil"
	case use == nil:
		bad = "use is nil"
	}
	if bad != "" {
		return invalid[R]("Through", bad)
	}
	return through(src, use, s, SessionOptions{MaxUncommitted: s.maxUncommitted})
}

func invalid[R any](where, bad string) turbopipes.Observable[R] {
	return turbopipes.Throw[R](fault.Invalid(where, bad))
}

// lease is an open session of a subscription.
type lease[T any] struct {
	session Session[T]
	watch   watch
	used    atomic.Bool
	over    context.CancelFunc
	joined  sync.WaitGroup
}

func through[T, R any](src Source[T], use func(turbopipes.Observable[Delivery[T]]) turbopipes.Observable[R], s settings, o SessionOptions) turbopipes.Observable[R] {
	open := func(ctx context.Context) (*lease[T], error) {
		session, err := src.Open(ctx, o)
		if err != nil {
			return nil, err
		}
		if session == nil {
			return nil, fmt.Errorf("delivery: Open of %T has returned neither a session nor an error", src)
		}
		l := &lease[T]{session: session}
		own, over := context.WithCancel(context.WithoutCancel(ctx))
		l.over = over
		l.joined.Go(func() { l.watch.stalls(own, s.stallAfter, s.onStall) })
		return l, nil
	}
	closing := func(ctx context.Context, l *lease[T], how End) error {
		l.over()
		l.joined.Wait()
		var forgotten error
		if how.Kind == turbopipes.Completed || how.Kind == turbopipes.Stopped {
			forgotten = l.watch.forgotten()
		}
		ctx, cancel := context.WithTimeout(ctx, s.closeAfter)
		defer cancel()
		return fault.Join(forgotten, l.session.Close(ctx, how))
	}
	return turbopipes.UsingContext(open, func(l *lease[T]) turbopipes.Observable[R] {
		return use(turbopipes.Create(l.receive))
	}, closing)
}

// receive is the source of the pipeline.
func (l *lease[T]) receive(ctx context.Context, emit func(Delivery[T]) bool) error {
	if l.used.Swap(true) {
		return errTwice
	}
	return l.session.Receive(ctx, func(d Delivery[T]) bool {
		if d.claim != nil {
			l.watch.more(d.claim)
		}
		ok := emit(d)
		if !ok {
			d.claim.leave() // it may not have been delivered
		}
		return ok
	})
}
