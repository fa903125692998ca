package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// OnErrorResumeNext emits upstream's items, and then the items of the others, one
// stream after another, no matter how each stream ends.
//
//	a:   -a-b#
//	b:   -x-y#
//	out: -a-b-x-y|
//
// Emits when the current stream does. A stream is subscribed to when the stream
// before it has completed or failed, and is reaped. Drops every error, also the last
// one, and every panic of a stream. Completes after the last stream.
//
// An error passes when downstream has stopped, when ctx has ended, or once the
// subscription is being stopped gracefully. A graceful stop completes the sources of
// the remaining streams without calling them, and the operators of these streams
// flush. Memory: none. Goroutines: none; it runs on the subscriber's goroutine.
//
// A stream that resumes itself, through a [turbopipes.Defer], uses some stack for
// each turn. At about a million turns Go ends the process. Use [Retry] or [Repeat]
// instead.
//
// A zero Observable among others is an ErrInvalidArgument. To see the error, or to
// continue only after an error, see [Catch]; to continue only after a completion,
// see [Concat]. It corresponds to RxJS's onErrorResumeNextWith. RxGo's function of
// that name is Catch.
func OnErrorResumeNext[T any](others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if bad := zeroOtherText(others); bad != "" {
		return turbopipes.Invalid[T, T]("OnErrorResumeNext", bad)
	}
	return turbopipes.Lift(own.Mark+"OnErrorResumeNext", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		l, inner := concatLineTo(ctx, emit)
		for i := 0; ; i++ {
			err := l.guard(inner, in)
			if l.refused || err != nil && passesBoundary(ctx, l.refused, err) {
				return err
			}
			if i == len(others) {
				return nil
			}
			in = others[i]
		}
	})
}
