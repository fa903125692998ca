package fault

import (
	"context"
	"errors"
)

// Leaving is the cause of a ctx that has ended because nobody wants the stream any
// more. It is no failure, and nothing that waits then has anything to report.
type Leaving string

// Error is the text.
func (l Leaving) Error() string { return string(l) }

// Waited is the failure after which a Retry was waiting when its ctx ended. It stands
// beside the cause, so that a reader learns what was wrong; but the cause has ended the
// stream. Its text is the failure's.
type Waited struct{ Last error }

// Error is that of the failure.
func (w *Waited) Error() string { return w.Last.Error() }

// Unwrap returns the failure.
func (w *Waited) Unwrap() error { return w.Last }

// CutShort is the error of a wait after last that the end of ctx has ended. called tells
// whether the ctx of the consuming call itself has ended; where that has not, a plain
// cancellation says that downstream has left.
func CutShort(ctx context.Context, last error, called bool) error {
	cause := context.Cause(ctx)
	if left := (Leaving)(""); errors.As(cause, &left) || cause == context.Canceled && !called { //nolint:errorlint // a wrapped one is a user's own
		return cause
	}
	return errors.Join(cause, &Waited{last})
}

// Cut tells whether the end of ctx, and no failure of its own, has ended the run that
// returned err.
func Cut(ctx context.Context, err error) bool {
	return ctx.Err() != nil && OnlyWaited(Strip(ctx, err))
}

// OnlyWaited tells whether nothing is in err but failures that a Retry was waiting
// after. It is true of nil.
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

// Wrap gives wrap what is no echo of ctx in err. Echoes stay outside, where Strip and
// Settle find them.
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
