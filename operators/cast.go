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
// Emits when an item comes. Fails with an ErrTypeMismatch at the first item that is no
// R, after upstream was stopped, or when upstream fails. The item that is no R counts
// as failed. Completes with upstream. Memory: none. Goroutines: none; it runs inside
// its subscriber's.
//
// It is Go's type assertion: R is the item's very type, or an interface that it
// implements; to convert items, see [Map]. To drop those that are no R, see
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

// mismatch is apart from Cast, where v must not escape: it would cost an
// allocation an item.
func mismatch[R, T any](v T) error {
	return fmt.Errorf("%w: Cast: the item is %T, want %s", turbopipes.ErrTypeMismatch, v, typeName[R]())
}

// typeName gives the name of T, also of an interface.
func typeName[T any]() string { return fmt.Sprintf("%T", (*T)(nil))[1:] }
