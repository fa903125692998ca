package delivery

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
)

// Process runs fn for each event of src, at most n at a time, and acks the event when
// fn has returned nil.
//
// Events with equal keys run one at a time and in order, also over retries: a key waits
// while one of its events is tried again. [Unordered] gives that up.
//
// An error of fn is tried again as [Retry] says. Then it is given to [DeadLetter], or
// the stream fails, as [Stop] is the default: no new tasks begin, those that run
// finish and are committed, and the failed event is the first to come after a restart.
// A panic is an error of fn. An error that comes with the end of ctx, or of the
// partition's tenure, is none: the event stays open, and comes again.
//
// Each subscription opens a session, and closes it when everything has ended. A
// graceful stop fetches no more, finishes, commits and leaves. It ends the waits of
// retries; such an event stays open, and its error is the stream's. Dispose cancels fn,
// commits what was done, gives back what was not, and leaves. Both wait for
// [CloseTimeout] at most for the broker. The ctx of fn ends with the subscription, and
// with the tenure of the event's partition, with the cause [ErrRevoked].
//
// Backpressure: a full window holds the session, which stops fetching. Memory: n +
// ahead events, and a slot for each event after an unfinished one, up to
// [MaxUncommitted] for each partition. Goroutines: as operators.ParallelBy, those of
// the session, and one for [OnStall].
//
// A nil src or fn, an n below 1, and a [Requeue] from a source that can't requeue are
// an ErrInvalidArgument. For several stages, see [Through].
func Process[T any](src Source[T], n int, fn func(ctx context.Context, d Delivery[T]) error, opts ...Option) turbopipes.Observable[Receipt] {
	if src == nil {
		return invalid[Receipt]("Process", "src is nil")
	}
	each, s, bad := eachOf("Process", n, fn, opts)
	if bad != "" {
		return invalid[Receipt]("Process", bad)
	}
	if q, ok := src.(Requeuer); s.failed == requeues && !(ok && q.Requeues()) {
		return invalid[Receipt]("Process", fmt.Sprintf("Requeue: the source, a %T, does not deliver a nacked event again", src))
	}
	o := SessionOptions{Window: s.held(n), MaxUncommitted: s.maxUncommitted}
	if o.MaxUncommitted == 0 {
		o.MaxUncommitted = 4 * o.Window
	}
	return through(src, each, s, o)
}

// Each runs fn for each delivery, at most n at a time, and acks the delivery when fn
// has returned nil. It is [Process] as the last stage of a pipeline in [Through]: order,
// failures, options and window are the same. Options of the session belong to Through,
// and have no effect here.
//
// An n below 1 or a nil fn is an ErrInvalidArgument.
func Each[T any](n int, fn func(context.Context, Delivery[T]) error, opts ...Option) turbopipes.Operator[Delivery[T], Receipt] {
	each, _, bad := eachOf("delivery.Each", n, fn, opts)
	if bad != "" {
		return turbopipes.Invalid[Delivery[T], Receipt]("delivery.Each", bad)
	}
	return each
}

func eachOf[T any](name string, n int, fn func(context.Context, Delivery[T]) error, opts []Option) (_ turbopipes.Operator[Delivery[T], Receipt], s settings, bad string) {
	switch {
	case n < 1:
		return nil, s, fmt.Sprintf("n is %d, want at least 1", n)
	case fn == nil:
		return nil, s, "fn is nil"
	}
	if s, bad = settingsOf(opts); bad != "" {
		return nil, s, bad
	}
	st, bad := stageOf[T](s)
	if bad != "" {
		return nil, s, bad
	}
	return func(in turbopipes.Observable[Delivery[T]]) turbopipes.Observable[Receipt] {
		return turbopipes.Defer(func(context.Context) (turbopipes.Observable[Receipt], error) {
			r := st.start()
			return tasksOf(st, n, func(ctx context.Context, d Delivery[T]) (Receipt, error) {
				rec, done, err := r.run(ctx, d, fn)
				if done {
					d.Ack()
				}
				return rec, err
			})(in), nil
		})
	}, s, ""
}
