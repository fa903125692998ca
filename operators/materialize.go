package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Kind tells what a Notification is of.
type Kind int

// The kinds of a Notification.
const (
	KindNext Kind = iota
	KindError
	KindComplete
)

// String gives "next", "error" or "complete".
func (k Kind) String() string {
	switch k {
	case KindNext:
		return "next"
	case KindError:
		return "error"
	case KindComplete:
		return "complete"
	}
	return "invalid"
}

// Notification is what happens in a stream, as a value: an item, the error that
// it ended with, or its completion.
type Notification[T any] struct {
	Kind  Kind
	Value T
	Err   error
}

// Materialize turns the events of the stream into items: each item, and then the
// error or the completion.
//
//	in:  a-b-#
//	out: a-b-(x|)   a, b: of KindNext; x: of KindError
//
// Emits when an item arrives, and when upstream completes, fails or panics. A panic
// is an error, a [*turbopipes.PanicError]. Completes after the item for upstream's
// end. Fails only when ctx ends: a cancellation does not become an item. Memory:
// none. Goroutines: none; it runs on the subscriber's goroutine.
//
// Use it for streams whose end has to be stored, sent or compared. For failures of
// single items, see [AsResults]; to continue after an error, see [Catch]. It
// corresponds to materialize in RxJS and Reactor.
func Materialize[T any]() turbopipes.Operator[T, Notification[T]] {
	return turbopipes.Lift(own.Mark+"Materialize", func(ctx context.Context, in turbopipes.Observable[T], emit func(Notification[T]) bool) error {
		refused, err := turbopipes.Guard(ctx, in, func(v T) bool {
			return emit(Notification[T]{Kind: KindNext, Value: v})
		})
		if refused || ctx.Err() != nil {
			return err
		}
		end := Notification[T]{Kind: KindComplete, Err: err}
		if err != nil {
			end.Kind = KindError
		}
		emit(end)
		return nil
	})
}
