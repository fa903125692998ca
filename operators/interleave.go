package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/opt"
	"github.com/turbopipes/turbopipes/internal/own"
)

// Interleave emits n items of upstream, then n items of each of the others, and so
// on in turn.
//
//	a:   ab-c-------|   n: 1
//	b:   --1----2---|
//	out: a-(1b)-(2c)|
//
// Emits when the stream whose turn it is does. A stream that has completed is left
// out. Fails when a stream fails, also out of turn; the others are cancelled and
// reaped first. Completes when all streams have completed.
//
// All streams are subscribed to at once. Backpressure: a stream waits, with one
// item, until it is its turn. Items that are lost when the stream ends early count
// as discarded, and [turbopipes.WithLossHook] reports them. Memory: none.
// Goroutines: one for each stream, joined before the stream ends.
//
// Without others it changes nothing. An n below 1, or a zero Observable among
// others, is an ErrInvalidArgument. To emit items as they come, see [Merge]; to make
// tuples, [Zip]. It corresponds to Pekko's interleave.
func Interleave[T any](n int, others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	bad := zeroOtherText(others)
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
		t := openTurns(ctx, "Interleave", in, others)
		defer t.Close(&err)
		live := make([]int, len(t.lanes))
		for i := range live {
			live[i] = i
		}
		for len(live) > 0 {
			goOn := live[:0]
			for _, stream := range live {
				going := true
				for i := 0; i < n && going; i++ {
					v, more, err := t.next(stream)
					if err != nil {
						return err
					}
					if more && !emit(v) {
						return nil
					}
					going = more
				}
				if going {
					goOn = append(goOn, stream)
				}
			}
			live = goOn
		}
		return nil
	})
}
