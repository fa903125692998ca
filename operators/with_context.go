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

// WithContext runs upstream with a ctx that derive makes from the subscription's
// ctx: for example, a ctx with values for upstream's sources and functions.
//
//	in:  a-b-c-|   derive: adds a value
//	out: a-b-c-|
//
// Emits when an item arrives. derive is called once for each subscription. It must
// return a child of the ctx that it receives. Otherwise the stream fails with an
// ErrInvalidArgument, and upstream is not subscribed to. If the child ends before
// its parent does, no further item passes, and the stream fails with the child's
// cause as with any other error. An item that arrives after that counts as
// discarded, and [OnDiscard] reports it. Fails and completes with upstream.
//
// Memory: none. Goroutines: none; derive runs on the subscriber's goroutine.
//
// A nil derive is an ErrInvalidArgument. To limit the time of upstream, see
// [Timeout]: there is no place in which derive can call a child's cancel function.
// It corresponds to Reactor's contextWrite and RxGo's WithContext.
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
		var cut atomic.Bool // downstream does not know of child's end, so it can't refuse items
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
		if refused { // the refusal has ended the stream, not child
			err = fault.Strip(child, err)
		}
		return err
	})
}

// parentKey is the key of a value that marks the ctx which derive receives.
type parentKey struct{}
