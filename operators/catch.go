package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Catch continues with another stream when upstream fails.
//
//	in:  -a-b#      handler: -x-y|
//	out: -a-b-x-y|
//
// Emits when upstream does. After upstream has failed and is reaped, Catch calls
// handler with the error, and emits the items of the stream that handler returns.
// Items from before the failure stay delivered. A panic of upstream is a failure
// too, with a [*turbopipes.PanicError]. Fails and completes with handler's stream,
// or completes with upstream when upstream completes. To pass an error on, handler
// returns [turbopipes.Throw] with that error.
//
// handler is not called when downstream has stopped, when ctx has ended, or once the
// subscription is being stopped gracefully: the error is then passed on. Catch never
// handles a panic of downstream. Memory: none. Goroutines: none; handler and its
// stream run on the subscriber's goroutine.
//
// A handler that returns the same stream again, with a Catch of its own, is a
// recursion. Each failure then takes some stack. At about a million failures Go ends
// the process, and nothing can recover from that. To try again without this risk,
// use [Retry]. For the next step of a stream that goes on for ever, see [Repeat],
// [turbopipes.Unfold] and [turbopipes.Paginate].
//
// A nil handler is an ErrInvalidArgument, and so is a zero Observable that handler
// returns. To subscribe to upstream again, see [Retry]. It corresponds to RxJS's
// catchError, Reactor's onErrorResume and RxGo's OnErrorResumeNext.
func Catch[T any](handler func(err error) turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if handler == nil {
		return turbopipes.Invalid[T, T]("Catch", "handler is nil")
	}
	return turbopipes.Lift(own.Mark+"Catch", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		refused, err := turbopipes.Guard(ctx, in, emit)
		if passesBoundary(ctx, refused, err) {
			return err
		}
		return handler(err).Push(ctx, emit)
	})
}
