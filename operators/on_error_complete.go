package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// OnErrorComplete completes when upstream fails with an error that may be ignored.
//
//	in:  -a-b-#   pred: yes
//	out: -a-b-|
//
// Emits when an item arrives. Drops the errors for which pred returns true. A panic
// of upstream is an error too, a [*turbopipes.PanicError]. Fails with the other
// errors. Completes at a dropped error, and with upstream.
//
// pred is not called when downstream has stopped, when ctx has ended, or once the
// subscription is being stopped gracefully. The error then passes. Memory: none.
// Goroutines: none; pred runs on the subscriber's goroutine.
//
// A nil pred matches every error. To emit a last item instead of the error, see
// [OnErrorReturn]; for another error, [MapError]; for a stream, [Catch]. It
// corresponds to Reactor's and Pekko's onErrorComplete, and to RxJS's catchError
// with EMPTY.
func OnErrorComplete[T any](pred func(err error) bool) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"OnErrorComplete", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		refused, err := turbopipes.Guard(ctx, in, emit)
		if passesBoundary(ctx, refused, err) || pred != nil && !pred(err) {
			return err
		}
		return nil
	})
}
