package fault

import (
	"context"
	"errors"
)

// ErrTimeUp is the cause with which a Timeout ends its upstream.
var ErrTimeUp = errors.New("turbopipes: time is up")

// Waited is the failure after which a Retry was waiting when its ctx ended. It is
// joined to the cause, so that a reader learns the reason. But the cause has
// ended the stream. Its text is that of the failure.
type Waited struct{ Last error }

// Error returns the text of the failure.
func (w *Waited) Error() string { return w.Last.Error() }

// Unwrap returns the failure.
func (w *Waited) Unwrap() error { return w.Last }

// CutShort returns the error of a wait that ctx has ended. last is the failure
// before the wait. called is the reason why the ctx of the consuming call has ended,
// or nil if it has not. last is part of the result if called, a deadline or a
// Timeout has ended the wait. It is not if downstream has left or another stream has
// failed: then only that counts.
func CutShort(ctx context.Context, last, called error) error {
	cause := context.Cause(ctx)
	if cause == ErrTimeUp || cause == context.DeadlineExceeded || called != nil && errors.Is(cause, called) { //nolint:errorlint // a wrapped cause is another stream's failure
		return errors.Join(cause, &Waited{last})
	}
	return cause
}

// Cut reports whether the end of ctx, and no failure of its own, has ended the run
// that returned err.
func Cut(ctx context.Context, err error) bool {
	return ctx.Err() != nil && OnlyWaited(Strip(ctx, err))
}

// OnlyWaited reports whether err contains nothing but failures that a Retry was
// waiting after. It is true for nil.
func OnlyWaited(err error) bool {
	switch e := err.(type) { //nolint:errorlint // the tree is walked here, level by level
	case nil, *Waited:
		return true
	case interface{ Unwrap() []error }:
		many := e.Unwrap()
		for _, one := range many {
			if !OnlyWaited(one) {
				return false
			}
		}
		return len(many) > 0
	case interface{ Unwrap() error }:
		inner := e.Unwrap()
		return inner != nil && OnlyWaited(inner)
	}
	return false
}

// Wrap applies wrap to the part of err that is no echo of ctx. Echoes stay outside,
// where Strip and Settle find them.
func Wrap(ctx context.Context, err error, wrap func(error) error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() == nil {
		return wrap(err)
	}
	rest, changed := strip(ctx, err)
	switch {
	case rest == nil:
		return err
	case changed:
		return errors.Join(context.Cause(ctx), wrap(rest))
	}
	return wrap(err)
}
