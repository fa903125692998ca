package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// OnErrorResumeNext gives upstream's items, and then those of the others,
// one stream after another, however each of them ends.
//
//	a:   -a-b#
//	b:   -x-y#
//	out: -a-b-x-y|
//
// Emits when the stream whose turn it is does. A stream is subscribed to when
// the one before it has completed or failed, and is reaped. Drops every error,
// also the last one, and every panic of a stream. Completes behind the last
// stream.
//
// An error passes when downstream has stopped, when ctx has ended, or once the
// subscription is being stopped gracefully. Such a stop completes the sources of
// the streams to come without calling them, and their operators flush. Memory:
// none. Goroutines: none; it runs inside its subscriber's.
//
// A stream that resumes itself, through a [turbopipes.Defer], takes some stack at each
// turn, and at a million or so Go ends the process: use [Retry] or [Repeat].
//
// A zero Observable among others is an ErrInvalidArgument. To see the error, and
// to go on only behind one, see [Catch]; to go on only behind a completion,
// [Concat]. It corresponds to RxJS's onErrorResumeNextWith. RxGo's function of
// that name is Catch.
func OnErrorResumeNext[T any](others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if bad := zeroOther(others); bad != "" {
		return turbopipes.Invalid[T, T]("OnErrorResumeNext", bad)
	}
	return turbopipes.Lift(own.Mark+"OnErrorResumeNext", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		l, inner := lineTo(ctx, emit)
		for i := 0; ; i++ {
			err := l.guard(inner, in)
			if l.refused || err != nil && final(ctx, l.refused, err) {
				return err
			}
			if i == len(others) {
				return nil
			}
			in = others[i]
		}
	})
}
