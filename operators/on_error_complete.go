package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// OnErrorComplete completes where upstream fails with an error that it may
// ignore.
//
//	in:  -a-b-#   pred: yes
//	out: -a-b-|
//
// Emits when an item comes. Drops the errors that match pred; a panic of upstream
// is one, as a [*turbopipes.PanicError]. Fails with the others. Completes with
// upstream, too.
//
// pred is not called when downstream has stopped, when ctx has ended, or once the
// subscription is being stopped gracefully: then the error passes. Memory: none.
// Goroutines: none; pred runs on the subscriber's.
//
// A nil pred matches every error. For a last item in place of the error see
// [OnErrorReturn]; for another error, [MapError]; for a stream, [Catch]. It
// corresponds to Reactor's and Pekko's onErrorComplete, and RxJS's catchError
// with EMPTY.
func OnErrorComplete[T any](pred func(err error) bool) turbopipes.Operator[T, T] {
	return turbopipes.Lift(own.Mark+"OnErrorComplete", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		refused, err := turbopipes.Guard(ctx, in, emit)
		if final(ctx, refused, err) || pred != nil && !pred(err) {
			return err
		}
		return nil
	})
}
