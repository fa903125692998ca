package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/window"
)

// Parallel runs fn over the items, at most n at a time: a bounded flatMap with
// explicit backpressure and a rolling window.
//
//	in:  abc|   n: 2; fn takes 5 for a, 2 for b, 1 for c
//	out: ---bc(a|)
//
// Emits when a task has ended: at once, in the order in which they end, whether
// or not the window is full or upstream is silent. A task starts as soon as
// upstream has given its item and the window has a place. A place is taken until
// its result is handed to downstream, so running tasks and undelivered results
// are n at most; [Buffered] lets more items wait. While downstream works, the
// tasks go on.
//
// Fails as soon as a task or upstream fails: the ctx of the tasks is cancelled,
// with that error as its cause, all are reaped, and it is returned; later
// failures that are not the cancellation's echo are joined behind it.
// [WithPolicy] changes that, and [AsResults] makes failures data. A panic of fn
// is a [*turbopipes.PanicError], a Goexit is [turbopipes.ErrGoexit].
// Completes when upstream has and every result is delivered. When it ends early,
// finished results that were not delivered, items whose task has not begun, and the
// items of tasks that were cancelled are counted as discarded, and given to
// [OnDiscard]. An item whose task has failed counts as failed.
//
// The ctx that fn gets ends with the subscription; a pipeline that fn runs under
// it is not cut short by a graceful stop. A task that ignores its ctx delays the
// end, since nothing is left behind.
//
// Backpressure: upstream waits, with one item at most, while the window is full.
// Memory: n items or results. Goroutines: one for upstream and n at most for the
// tasks, started as they are needed, joined before it ends; fn runs on the
// latter, OnDiscard on the subscriber's.
//
// An n below 1 or a nil fn is an ErrInvalidArgument. For one task at a time
// without a goroutine, see [TryMap]; for order per key, [ParallelBy]; for
// streams instead of results, [FlatMap]. It corresponds to RxJS's mergeMap with
// a concurrency, Reactor's flatMap(fn, n), Pekko's mapAsyncUnordered and RxGo's
// Map with WithPool.
func Parallel[T, R any](n int, fn func(ctx context.Context, v T) (R, error), opts ...ParallelOption) turbopipes.Operator[T, R] {
	return parallel[T, struct{}]("Parallel", n, nil, fn, opts)
}

// parallel is what the Parallel group has in common.
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
