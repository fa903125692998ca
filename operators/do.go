package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/run"
)

// Do calls hooks at the events of the stream, and changes nothing.
//
//	in:  a-b--c-|   h.Next: looks at a, b and c
//	out: a-b--c-|
//
// Emits when an item comes. A hook is called before its event is passed on; nil
// hooks are skipped. Subscribe is called first, and Next for each item. When
// upstream has ended and is reaped, exactly one of three hooks is called:
//
//   - Complete when upstream has completed,
//   - Error when upstream has failed; a panic of upstream comes as a
//     [*turbopipes.PanicError], and goes on as that error,
//   - Stop when the subscription was ended: with nil when downstream has stopped or
//     panics, or when Next panics, and with context.Cause when ctx has ended.
//
// A graceful stop is a completion. Fails and completes with upstream. An item for
// which Next panics counts as failed. Memory: none. Goroutines: none; the hooks run
// on the subscriber's goroutine.
//
// For a function that must run at the end, whatever the end is, see [Finally]; for
// all events as items, [Materialize]. It corresponds to RxJS's tap, and to the doOn…
// operators of Reactor and RxGo.
func Do[T any](h Hooks[T]) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"Do", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if h.Subscribe != nil {
			run.Settle(ctx)
			h.Subscribe()
		}
		refused := true // until Guard has returned, a panic comes from downstream
		defer func() { h.end(ctx, refused, err) }()
		var work run.Work[T]
		defer work.Failed(ctx)
		refused, err = turbopipes.Guard(ctx, in, work.On(func(v T) bool {
			if h.Next != nil {
				work.Busy = true
				h.Next(v)
				work.Busy = false
			}
			return emit(v)
		}))
		return err
	})
}

// Hooks are the functions that [Do] calls. A nil field is skipped.
type Hooks[T any] struct {
	Subscribe func()
	Next      func(v T)
	Error     func(err error)
	Complete  func()
	Stop      func(cause error)
}

// end calls Stop, Error or Complete, whichever applies.
func (h Hooks[T]) end(ctx context.Context, refused bool, err error) {
	switch {
	case refused || fault.Cut(ctx, err):
		if h.Stop != nil {
			h.Stop(context.Cause(ctx))
		}
	case err != nil:
		if h.Error != nil {
			h.Error(err)
		}
	case h.Complete != nil:
		h.Complete()
	}
}
