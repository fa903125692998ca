package operators

import (
	"context"
	"fmt"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/opt"
)

// TimeLimit returns a function that calls fn with a ctx that ends after d, and returns
// when fn has returned. It limits one task, where [Timeout] limits a stream.
//
// A function that ignores its ctx can't be ended, so it is waited for. A result that
// comes after d is kept. An error that comes after d Is a turbopipes.ErrTimeout and a
// context.DeadlineExceeded, and wraps the error of fn. If the caller's ctx has ended
// first, the error of fn is returned as it is. Panics and Goexit go through.
//
// Goroutines: none; fn runs on the caller's. If d is 0 or less, each call returns an
// ErrInvalidArgument. If fn is nil, TimeLimit returns nil.
func TimeLimit[T, R any](d time.Duration, fn func(ctx context.Context, v T) (R, error)) func(ctx context.Context, v T) (R, error) {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context, v T) (r R, err error) {
		if d <= 0 {
			return r, fault.Invalid("TimeLimit", opt.NotPositive("d", d))
		}
		limited, cancel := context.WithTimeoutCause(ctx, d, turbopipes.ErrTimeout)
		defer cancel()
		r, err = fn(limited, v)
		if err != nil && limited.Err() != nil && ctx.Err() == nil {
			err = &timeLimitError{d, err}
		}
		return r, err
	}
}

// timeLimitError is the error of a task that has failed after its time limit.
type timeLimitError struct {
	limit time.Duration
	err   error
}

// Error has the text of the task's error, too.
func (e *timeLimitError) Error() string {
	return fmt.Sprintf("%v: the limit of the task is %v: %v", turbopipes.ErrTimeout, e.limit, e.err)
}

// Unwrap makes it an ErrTimeout, a DeadlineExceeded, and the task's error.
func (e *timeLimitError) Unwrap() []error {
	return []error{turbopipes.ErrTimeout, context.DeadlineExceeded, e.err}
}
