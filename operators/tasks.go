package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
)

// Tasks runs a stream of functions, at most n at a time, and emits every outcome as
// an item.
//
//	in:  abc|   n: 2; a takes 5, b 2, c 1
//	out: ---bc(a|)
//
// Emits when a task has ended: its value, or its error or panic as a failed Result.
// When a task fails, the other tasks go on. With [Unwrap] after Tasks, the first
// failure ends the stream. A task is called when it enters the window, not before. A
// nil task becomes a Result with an ErrInvalidArgument. Fails when upstream does.
// Everything else is as in [Parallel]. Goroutines: as in Parallel.
//
// It corresponds to RxJS's mergeAll(n) over defer.
func Tasks[R any](n int, opts ...ParallelOption) turbopipes.Operator[turbopipes.Task[R], turbopipes.Result[R]] {
	return parallel[turbopipes.Task[R], struct{}]("Tasks", n, nil, taskResult[R], opts)
}

func taskResult[R any](ctx context.Context, task turbopipes.Task[R]) (turbopipes.Result[R], error) {
	var r turbopipes.Result[R]
	if task == nil {
		r.Err = fmt.Errorf("%w: Tasks: the task is nil", turbopipes.ErrInvalidArgument)
		return r, nil
	}
	r.Err = fault.Call(func() (err error) { r.Value, err = task(ctx); return err })
	return r, echoOfCancel(ctx, r.Err)
}
