package turbopipes

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/fault"
)

// FromEventSource shares a channel: each item goes to all who are subscribed when
// it is received, and is dropped when nobody is. It completes when ch is closed;
// later subscribers get only the end.
//
// ch is read at once, on a goroutine of its own, which ends when ch is closed or
// ctx ends; in the latter case the stream fails with context.Cause(ctx). That ctx
// owns the goroutine: it must end, or ch be closed. Every subscriber has a queue
// of its own; [WithQueue], [WithOverflow] and [OnDiscard] are as with [Subject].
// A nil ctx or ch is an [ErrInvalidArgument].
//
// To have subscribers compete for the items of a channel, see [FromChannel]. It
// corresponds to RxGo's FromEventSource and RxJS's fromEvent.
func FromEventSource[T any](ctx context.Context, ch <-chan T, opts ...QueueOption) Observable[T] {
	queue, err := hotQueue("FromEventSource", opts)
	switch {
	case err != nil:
		return failing[T](err)
	case ctx == nil:
		return failing[T](fault.Invalid("FromEventSource", "ctx is nil"))
	case ch == nil:
		return failing[T](fault.Invalid("FromEventSource", "ch is nil"))
	}
	return wrap(Source[T](shared("FromEventSource", FromChannel(ch), queue).Auto(ctx, 0)))
}
