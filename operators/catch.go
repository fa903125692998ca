package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Catch goes on with another stream when upstream fails.
//
//	in:  -a-b#      handler: -x-y|
//	out: -a-b-x-y|
//
// Emits when upstream does, and, once that has failed and is reaped, when the
// stream does that handler has made of the error. What came before the failure
// stays. A panic of upstream is a failure, with a [*turbopipes.PanicError]. Fails
// and completes with handler's stream, or with upstream where that completes. To
// refuse an error, handler returns [turbopipes.Throw] of it.
//
// handler is not called when downstream has stopped, when ctx has ended, or once
// the subscription is being stopped gracefully: then the error passes. A panic
// of downstream is none of its business. Memory: none. Goroutines: none; handler
// and its stream run on the subscriber's.
//
// A handler that returns the same stream again, under a Catch of its own, is recursion:
// each failure takes some stack, and at a million or so Go ends the process, which
// nothing recovers from. The bounded way to try again is [Retry]. For the next step of
// what goes on for ever, see [Repeat], [turbopipes.Unfold] and [turbopipes.Paginate].
//
// A nil handler is an ErrInvalidArgument, and so is a zero Observable that it
// returns. To subscribe to upstream again, see [Retry]. It corresponds to RxJS's
// catchError, Reactor's onErrorResume and RxGo's OnErrorResumeNext.
func Catch[T any](handler func(err error) turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if handler == nil {
		return turbopipes.Invalid[T, T]("Catch", "handler is nil")
	}
	return turbopipes.Lift(own.Mark+"Catch", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		refused, err := turbopipes.Guard(ctx, in, emit)
		if final(ctx, refused, err) {
			return err
		}
		return handler(err).Push(ctx, emit)
	})
}
