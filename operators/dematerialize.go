package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Dematerialize turns notifications back into the stream that they describe.
//
//	in:  a-b-x-c-|   a, b: of KindNext; x: of KindError
//	out: a-b-#
//
// Emits when a notification of KindNext comes: its value. The first notification of
// another kind ends the stream, after upstream was stopped. With KindComplete the
// stream completes; with KindError it fails with the notification's Err. Fails and
// completes with upstream if upstream ends before. A KindError without an Err, and
// an unknown kind, end the stream with an ErrInvalidArgument. Memory: none.
// Goroutines: none; it runs on the subscriber's goroutine.
//
// It is the reverse of [Materialize]. For results, see [Unwrap]. It corresponds to
// dematerialize in RxJS and Reactor.
func Dematerialize[T any]() turbopipes.Operator[turbopipes.Notification[T], T] {
	return turbopipes.Lift(own.Mark+"Dematerialize", func(ctx context.Context, in turbopipes.Observable[turbopipes.Notification[T]], emit func(T) bool) error {
		var told error
		err := in.Push(ctx, func(n turbopipes.Notification[T]) bool {
			if n.Kind == turbopipes.KindNext {
				return emit(n.Value)
			}
			told = endOf(n)
			return false
		})
		return fault.Join(told, err)
	})
}

// endOf returns the error that n stands for: nil for a completion.
func endOf[T any](n turbopipes.Notification[T]) error {
	switch {
	case n.Kind == turbopipes.KindComplete:
		return nil
	case n.Kind != turbopipes.KindError:
		return fault.Invalid("Dematerialize", fmt.Sprintf("the Kind of a notification is %d, want KindNext, KindError or KindComplete", int(n.Kind)))
	case n.Err == nil:
		return fault.Invalid("Dematerialize", "the Err of a notification of KindError is nil")
	}
	return n.Err
}
