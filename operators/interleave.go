package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Interleave gives n items of upstream, then n of each of the others, and so on in
// turn.
//
//	a:   ab-c-------|   n: 1
//	b:   --1----2---|
//	out: a-(1b)-(2c)|
//
// Emits when the stream whose turn it is does. One that has completed is left out.
// Fails when one fails, also out of turn: the others are cancelled and reaped first.
// Completes when all have.
//
// All are subscribed to at once. Backpressure: a stream waits, with one item in its
// hand, until it is its turn. What is lost at an early end counts as discarded, which
// [turbopipes.WithLossHook] hears of. Memory: none. Goroutines: one per stream, joined
// before it ends.
//
// Without others it is the identity. An n below 1, or a zero Observable among
// others, is an ErrInvalidArgument. For items as they come see [Merge]; for tuples,
// [Zip]. It corresponds to Pekko's interleave.
func Interleave[T any](n int, others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	bad := zeroOther(others)
	switch {
	case n < 1:
		return turbopipes.Invalid[T, T]("Interleave", opt.TooSmall("n", n, 1))
	case bad != "":
		return turbopipes.Invalid[T, T]("Interleave", bad)
	}
	return turbopipes.Lift(own.Mark+"Interleave", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if len(others) == 0 {
			return in.Push(ctx, emit)
		}
		b := feed.OpenBand(ctx, "Interleave")
		defer b.Close(&err)
		for live := openFeeds(b, in, others); len(live) > 0; {
			goOn := live[:0]
			for _, f := range live {
				going := true
				for i := 0; i < n && going; i++ {
					v, more, err := next(b, f)
					if err != nil {
						return err
					}
					if more && !emit(v) {
						return nil
					}
					going = more
				}
				if going {
					goOn = append(goOn, f)
				}
			}
			live = goOn
		}
		return nil
	})
}
