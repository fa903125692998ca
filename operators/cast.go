package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Cast asserts that each item is an R.
//
//	in:  a-b--1-|   R: letter
//	out: a-b--#
//
// Emits when an item comes. Fails with an ErrTypeMismatch at the first item that is
// not an R, after upstream was stopped; that item counts as failed. Fails when
// upstream fails, and completes when upstream does. Memory: none. Goroutines: none;
// it runs on the subscriber's goroutine.
//
// Cast is Go's type assertion: R is the item's exact type, or an interface that the
// item implements. To convert items, see [Map]; to drop the items that are not an R,
// [OfType]. It corresponds to Reactor's cast.
func Cast[R, T any]() turbopipes.Operator[T, R] {
	return turbopipes.Lift(own.Mark+"Cast", func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		var failed error
		err := in.Push(ctx, func(v T) bool {
			r, ok := any(v).(R)
			if !ok {
				lost := run.Keep[T](run.At(ctx, "Cast"), nil)
				lost.Failed(lost.Weight(v))
				failed = mismatch[R](v)
			}
			return ok && emit(r)
		})
		return fault.Join(failed, err)
	})
}

// mismatch is a function of its own so that v does not escape in Cast. That would
// cost an allocation for each item.
func mismatch[R, T any](v T) error {
	return fmt.Errorf("%w: Cast: the item is %T, want %s", turbopipes.ErrTypeMismatch, v, typeName[R]())
}

// typeName returns the name of T, also if T is an interface.
func typeName[T any]() string { return fmt.Sprintf("%T", (*T)(nil))[1:] }
