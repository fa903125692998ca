package fault

import (
	"context"
	"errors"
	"reflect"
)

// An echo is an error that only repeats that ctx has ended: ctx is done, and either
// the error is ctx's cause, or every leaf of the error Is ctx.Err() or Is the cause.
// A PanicError is never an echo, whatever its value, unless it is the cause. Errors
// are not compared by ==, because some are slices and comparing them panics.

// Strip removes the echoes of ctx from err. It returns nil if nothing else is in
// err.
func Strip(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if err == context.Canceled && ctx.Err() == context.Canceled { //nolint:errorlint // nearly every task returns this error; comparing it can't panic
		return nil
	}
	err, _ = strip(ctx, err)
	return err
}

// Settle returns the error of a run under ctx that returned err. A cut run never
// reads as a complete one, and the cause of the cancellation is kept.
func Settle(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	rest, changed := strip(ctx, err)
	switch {
	case rest == nil:
		return context.Cause(ctx)
	case changed, OnlyWaited(rest): // a Waited error has not ended the run
		return errors.Join(context.Cause(ctx), rest)
	}
	return err
}

// identical reports whether two errors are the same pointer.
func identical(a, b error) bool {
	return a != nil && reflect.TypeOf(a).Kind() == reflect.Pointer && a == b //nolint:errorlint // wrapped errors do not count
}

// strip is Strip, and also reports whether it has removed anything. ctx must be
// done.
func strip(ctx context.Context, err error) (rest error, changed bool) {
	if identical(err, context.Cause(ctx)) { // its leaves need not be echoes: the cause may be several errors
		return nil, true
	}
	switch e := err.(type) { //nolint:errorlint // the tree is walked here, level by level
	case nil:
		return nil, false
	case *PanicError:
		return err, false
	case interface{ Unwrap() []error }:
		return stripMany(ctx, err, e.Unwrap())
	case interface{ Unwrap() error }:
		inner := e.Unwrap()
		if rest, changed := strip(ctx, inner); inner != nil && rest == nil {
			return nil, true
		} else if changed {
			return err, false // it contains real failures: the wrapper keeps them together
		}
	}
	if errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx)) {
		if p := (*PanicError)(nil); !errors.As(err, &p) {
			return nil, true
		}
	}
	return err, false
}

func stripMany(ctx context.Context, err error, many []error) (rest error, changed bool) {
	var kept []error
	for _, e := range many {
		e, c := strip(ctx, e)
		if changed = changed || c; e != nil {
			kept = append(kept, e)
		}
	}
	if !changed {
		return err, false
	}
	return Join(kept...), true
}

// Join is errors.Join, except that a single error is returned as it is.
func Join(errs ...error) error {
	var only error
	n := 0
	for _, err := range errs {
		if err != nil {
			only = err
			n++
		}
	}
	if n < 2 {
		return only
	}
	return errors.Join(errs...)
}
