package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
)

// ParallelResults is [Parallel], but a failing task does not affect the other tasks:
// every outcome is an item. It is short for Parallel(n, AsResults(fn), opts…).
//
//	in:  abc|   n: 2; fn takes 5 for a, 2 for b, 1 for c
//	out: ---bc(a|)
//
// Emits when a task has ended, with a value or an error. Fails when upstream does.
// Everything else is as in Parallel. Goroutines: as in Parallel.
//
// It corresponds to JavaScript's allSettled.
func ParallelResults[T, R any](n int, fn func(ctx context.Context, v T) (R, error), opts ...ParallelOption) turbopipes.Operator[T, turbopipes.Result[R]] {
	return parallel[T, struct{}]("ParallelResults", n, nil, AsResults(fn), opts)
}

// AsResults turns fn into a function whose failures are data. An error or a panic of
// fn becomes the Err of its result, a [*turbopipes.ItemError] that holds the item.
// There is one exception: an error that only repeats the end of fn's own ctx stays
// an error, because a cancelled call has no outcome. A Goexit can't be caught, and
// ends the stream. For a nil fn, AsResults returns nil.
func AsResults[T, R any](fn func(ctx context.Context, v T) (R, error)) func(ctx context.Context, v T) (turbopipes.Result[R], error) {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context, v T) (turbopipes.Result[R], error) {
		var r turbopipes.Result[R]
		err := fault.Call(func() (err error) { r.Value, err = fn(ctx, v); return err })
		if err != nil {
			r.Err = &turbopipes.ItemError[T]{Item: v, Err: err}
		}
		return r, echoOfCancel(ctx, err)
	}
}

// echoOfCancel returns err if it only repeats the end of ctx, else nil.
func echoOfCancel(ctx context.Context, err error) error {
	if err != nil && fault.Cut(ctx, err) {
		return err
	}
	return nil
}
