package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
)

// ParallelResults is [Parallel] in which a failing task leaves its peers alone:
// every outcome is an item. It is Parallel(n, AsResults(fn), opts…) in one word.
//
//	in:  abc|   n: 2; fn takes 5 for a, 2 for b, 1 for c
//	out: ---bc(a|)
//
// Emits when a task has ended, a value or an error. Fails when upstream does.
// Everything else is as in Parallel. Goroutines: as Parallel.
//
// It corresponds to JavaScript's allSettled.
func ParallelResults[T, R any](n int, fn func(ctx context.Context, v T) (R, error), opts ...ParallelOption) turbopipes.Operator[T, turbopipes.Result[R]] {
	return parallel[T, struct{}]("ParallelResults", n, nil, AsResults(fn), opts)
}

// AsResults makes of fn a function whose failures are data: an error or a panic
// becomes the Err of its result, as a [*turbopipes.ItemError] that holds the
// item. Only the echo of its own cancelled ctx stays an error: the victims of a
// cancellation are no outcomes. A Goexit can't be caught, and ends the stream.
// A nil fn gives nil.
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
		return r, victim(ctx, err)
	}
}

// victim is err where it is but the echo of the cancelled ctx, else nil.
func victim(ctx context.Context, err error) error {
	if err != nil && fault.Cut(ctx, err) {
		return err
	}
	return nil
}
