package operators

import (
	"context"
	"sync/atomic"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// WithContext has upstream see a ctx that derive makes of the subscription's: one
// with values, say, for its sources and functions.
//
//	in:  a-b-c-|   derive: adds a value
//	out: a-b-c-|
//
// Emits when an item comes. derive is called once for each subscription. What it gives
// must be a child of the ctx that it got, or the stream fails with an
// ErrInvalidArgument, without subscribing to upstream. Where the child ends before its
// parent does, no further item passes, and the stream fails with the child's cause as
// with any other error. An item that comes after that counts as discarded, which
// [OnDiscard] hears of. Fails and completes with upstream.
//
// Memory: none. Goroutines: none; derive runs on the subscriber's.
//
// A nil derive is an ErrInvalidArgument. To limit the time of upstream, see
// [Timeout]; derive has no place to call a child's cancel. It corresponds to
// Reactor's contextWrite and RxGo's WithContext.
func WithContext[T any](derive func(ctx context.Context) context.Context, opts ...turbopipes.LossOption) turbopipes.Operator[T, T] {
	o, bad := lossOptions(opts)
	switch {
	case derive == nil:
		return turbopipes.Invalid[T, T]("WithContext", "derive is nil")
	case bad != "":
		return turbopipes.Invalid[T, T]("WithContext", bad)
	}
	return turbopipes.Lift(own.Mark+"WithContext", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		marked := context.WithValue(ctx, parentKey{}, new(byte))
		run.Settle(ctx) // derive is user code
		child := derive(marked)
		switch {
		case child == nil:
			return fault.Invalid("WithContext", "derive has returned a nil ctx, want a child of its own")
		case child.Value(parentKey{}) != marked.Value(parentKey{}), child.Done() == nil && ctx.Done() != nil:
			return fault.Invalid("WithContext", "derive has returned a ctx that is no child of its own, want a child")
		case child.Done() == ctx.Done(): // they end together
			return in.Push(child, emit)
		}
		var cut atomic.Bool // what refuses downstream doesn't know of child
		defer scope.OnDone(child, func() { cut.Store(true) })()
		lost := run.Keep[T](run.At(ctx, "WithContext"), o.Discard)
		refused := false
		err := in.Push(child, func(v T) bool {
			if cut.Load() {
				return lost.Refuse(v)
			}
			refused = !emit(v)
			return !refused && !cut.Load()
		})
		if refused { // that has ended the stream, and not child
			err = fault.Strip(child, err)
		}
		return err
	})
}

// parentKey is where a ctx that derive gets can be told from any other.
type parentKey struct{}
