package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Concat emits the items of upstream, and then the items of the others, one stream
// after another.
//
//	a:   -a-b|
//	b:   -x-y|
//	out: -a-b-x-y|
//
// Emits when the stream whose turn it is does. A stream is subscribed to when the
// stream before it has completed and is reaped. Fails when a stream fails, without
// the streams after it. Completes with the last stream.
//
// A graceful stop reaches all of these streams: their sources complete without being
// called, and their operators flush. Memory: none. Goroutines: none; it runs on the
// subscriber's goroutine.
//
// A stream that continues with itself, through a [turbopipes.Defer], takes some
// stack at each turn. At about a million turns Go ends the process: use [Repeat]
// instead.
//
// Without others it changes nothing. A zero Observable among them is an
// ErrInvalidArgument. To run all streams at once, see [Merge]; for streams made of
// items, [ConcatMap]. It corresponds to concat in RxJS, Reactor and RxGo.
func Concat[T any](others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if bad := zeroOtherText(others); bad != "" {
		return turbopipes.Invalid[T, T]("Concat", bad)
	}
	return turbopipes.Lift(own.Mark+"Concat", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		if len(others) == 0 {
			return in.Push(ctx, emit)
		}
		l, inner := concatLineTo(ctx, emit)
		last := len(others) - 1
		err := in.Push(inner, l.pass)
		for i := 0; i < last && err == nil && !l.refused; i++ {
			err = others[i].Push(inner, l.pass)
		}
		if err != nil || l.refused {
			return err
		}
		return others[last].Push(ctx, emit) // nothing comes after it, so its items need not pass the line
	})
}
