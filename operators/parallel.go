package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/window"
)

// Parallel runs fn on the items, with at most n tasks at a time. It is a bounded
// flatMap with explicit backpressure and a rolling window.
//
//	in:  abc|   n: 2; fn takes 5 for a, 2 for b, 1 for c
//	out: ---bc(a|)
//
// Emits when a task has ended: at once, in the order in which the tasks end, even if
// the window is not full or upstream is silent. A task starts as soon as upstream
// has emitted its item and the window has a place. A task keeps its place until its
// result is handed to downstream. So the running tasks and the undelivered results
// are at most n together; [Buffered] lets more items wait. While downstream works,
// the tasks go on.
//
// Fails as soon as a task or upstream fails. The ctx of the tasks is then cancelled,
// with that error as its cause. All tasks are reaped, and the error is returned.
// Later failures are joined after it, unless they only repeat the cancellation.
// [WithPolicy] changes this, and [AsResults] turns failures into data. A panic of fn
// is a [*turbopipes.PanicError], and a Goexit is [turbopipes.ErrGoexit]. Completes
// when upstream has completed and every result is delivered. At an early end, three
// kinds of items count as discarded, and [OnDiscard] reports them: finished results
// that were not delivered, items whose task has not begun, and the items of
// cancelled tasks. An item whose task has failed counts as failed.
//
// The ctx of fn ends with the subscription. A graceful stop does not cut short a
// pipeline that fn runs under this ctx. A task that ignores its ctx delays the end,
// because Parallel waits for every task.
//
// Backpressure: upstream waits, with at most one item, while the window is full.
// Memory: n items or results. Goroutines: one for upstream, and at most n for the
// tasks. They are started when they are needed, and joined before Parallel ends. fn
// runs on the goroutines of the tasks, and OnDiscard's function on the subscriber's
// goroutine.
//
// An n below 1 or a nil fn is an ErrInvalidArgument. For one task at a time, without
// a goroutine, see [TryMap]; to keep the order per key, [ParallelBy]; for streams
// instead of results, [FlatMap]. It corresponds to RxJS's mergeMap with a
// concurrency, Reactor's flatMap(fn, n), Pekko's mapAsyncUnordered and RxGo's Map
// with WithPool.
func Parallel[T, R any](n int, fn func(ctx context.Context, v T) (R, error), opts ...ParallelOption) turbopipes.Operator[T, R] {
	return parallel[T, struct{}]("Parallel", n, nil, fn, opts)
}

// parallel implements Parallel and its kin.
func parallel[T any, K comparable, R any](name string, n int, key func(T) K, fn func(context.Context, T) (R, error), opts []ParallelOption) turbopipes.Operator[T, R] {
	o, bad := opt.Gather(opt.Settings{}, opts)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, R](name, opt.TooSmall("n", n, 1))
	case fn == nil:
		return turbopipes.Invalid[T, R](name, "fn is nil")
	case bad != "":
		return turbopipes.Invalid[T, R](name, bad)
	}
	config := &window.Config[T, K, R]{
		Name: name, N: n, Ahead: o.Ahead, Ordered: o.Ordered, Policy: window.Policy(o.Policy), MaxErrors: o.MaxErrors,
		Key: key, Task: fn, Discard: o.Discard,
	}
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		return window.Run(ctx, config, in.Push, emit)
	})
}
