package operators

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Retrying returns a function that calls fn, and calls fn again when fn fails, up to
// count times. It retries one task, where [Retry] subscribes to a whole stream again.
// Each attempt has returned before the next one begins.
//
// The options and the rules are those of Retry: it does not retry an ErrInvalidArgument
// or a panic, unless [RetryIf] allows that. It returns the last error. A panic that is
// not retried stays a panic, with the stack of fn. A Goexit goes through.
// [ResetOnItem] changes nothing. The time of [WithMaxElapsed] begins with the first
// attempt.
//
// Once ctx has ended, the error of fn is returned at once. If ctx ends a wait, the
// cause is returned, and the last failure is joined after it. A graceful stop of any
// subscription around the task ends the wait, too; the failure is returned then.
//
// A call whose first attempt succeeds allocates nothing. Goroutines: none; fn and the
// functions of the options run on the caller's. With a count of 0, it never retries.
// With [turbopipes.Infinite], there is no limit. If count or an option is bad, each
// call returns an ErrInvalidArgument. If fn is nil, Retrying returns nil. To limit the
// time of each attempt, put a [TimeLimit] inside.
func Retrying[T, R any](fn func(ctx context.Context, v T) (R, error), count int, opts ...RetryOption) func(ctx context.Context, v T) (R, error) {
	if fn == nil {
		return nil
	}
	o, bad := retryOptionsOf(count, opts)
	return func(ctx context.Context, v T) (r R, err error) {
		if bad != "" {
			return r, fault.Invalid("Retrying", bad)
		}
		var began time.Time
		if o.maxElapsed > 0 {
			began = time.Now()
		}
		attempt := func() (err error) { r, err = fn(ctx, v); return err }
		if err = fault.Call(attempt); err == nil {
			return r, nil
		}
		attempts := retry{retryOptions: o, began: began}
		for err != nil && ctx.Err() == nil {
			wait, again := attempts.failed(err, time.Now())
			if !again {
				break
			}
			if !waited(ctx, wait) {
				if ctx.Err() != nil { // the end of ctx has ended the call, not the failure
					return r, fault.CutShort(ctx, err, run.From(ctx).Ended())
				}
				break
			}
			err = fault.Call(attempt)
		}
		if p, ok := err.(*turbopipes.PanicError); ok { //nolint:errorlint // one that Call has made
			panic(p)
		}
		return r, err
	}
}

// waited waits for d. It reports whether d has passed before ctx has ended, and before
// any subscription around the task is stopped.
func waited(ctx context.Context, d time.Duration) bool {
	stop := turbopipes.StopRequested(ctx)
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		case <-stop:
		}
	}
	select {
	case <-stop:
		return false
	default:
		return ctx.Err() == nil
	}
}
