package operators

import (
	"context"
	"fmt"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Dematerialize makes a stream of what notifications say.
//
//	in:  a-b-x-c-|   a, b: of KindNext; x: of KindError
//	out: a-b-#
//
// Emits when a notification of KindNext comes. The first one of another kind is
// the end: with KindComplete it completes, and with KindError it fails with its
// Err, after upstream was stopped. Fails and completes with upstream where that
// ends before. A KindError without an Err, and an unknown kind, end the stream
// with an ErrInvalidArgument. Memory: none. Goroutines: none; it runs inside its
// subscriber's.
//
// It is the way back from [Materialize]. For results see [Unwrap]. It corresponds
// to dematerialize in RxJS and Reactor.
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

// endOf is the error that n tells of, nil for a completion.
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
