package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Marshal emits the bytes that fn makes of each item. For example, fn can be
// json.Marshal.
//
//	in:  a-b--x-|   fn: to upper case; it fails on x
//	out: A-B--#
//
// Emits when an item arrives. Fails with fn's first error, after upstream was
// stopped, or when upstream fails. fn's error comes as a [*turbopipes.ItemError]
// that holds the item. The item on which fn failed counts as failed. Completes with
// upstream. Memory: none. Goroutines: none; fn runs on the subscriber's goroutine.
//
// A nil fn is an ErrInvalidArgument. The inverse is [Unmarshal]. It corresponds to
// RxGo's Marshal.
func Marshal[T any](fn func(v any) ([]byte, error)) turbopipes.Operator[T, []byte] {
	if fn == nil {
		return turbopipes.Invalid[T, []byte]("Marshal", "fn is nil")
	}
	return convertEach("Marshal", func(v T) ([]byte, error) { return fn(v) })
}

// convertEach implements Marshal and Unmarshal.
func convertEach[T, R any](name string, fn func(T) (R, error)) turbopipes.Operator[T, R] {
	return turbopipes.Lift(own.Mark+name, func(ctx context.Context, in turbopipes.Observable[T], emit func(R) bool) error {
		var failed error
		var work run.Work[T]
		defer work.Failed(ctx)
		err := in.Push(ctx, work.On(func(v T) bool {
			work.Busy = true
			r, e := fn(v)
			work.Busy = false
			if e != nil {
				run.Keep[T](run.At(ctx, name), nil).FailedOn(v)
				failed = &turbopipes.ItemError[T]{Item: v, Err: e}
				return false
			}
			return emit(r)
		}))
		return fault.Join(failed, err)
	})
}
