package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// MergePrioritized emits what upstream and the others emit; where several have an
// item, upstream comes first, and then the earlier argument.
//
//	a:   a---b---|
//	b:   -x-y--|
//	out: ax-yb---|
//
// Emits when any of the streams does. The order within each is kept. A stream with
// much to say can hold those behind it back for ever. Fails when one fails: the
// others are cancelled and reaped first. Completes when all have.
//
// All are subscribed to at once. Backpressure: at most one item of each stream is
// undelivered; what is at an early end counts as discarded, which
// [turbopipes.WithLossHook] hears of. Memory: one item per stream. Goroutines: one per
// stream, joined before it ends.
//
// Without others it is the identity. A zero Observable among others is an
// ErrInvalidArgument. For a fair share see [Merge], or [Interleave]. It corresponds
// to Reactor's mergePriority and Pekko's mergePrioritized.
func MergePrioritized[T any](others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if bad := zeroOther(others); bad != "" {
		return turbopipes.Invalid[T, T]("MergePrioritized", bad)
	}
	return turbopipes.Lift(own.Mark+"MergePrioritized", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if len(others) == 0 {
			return in.Push(ctx, emit)
		}
		s := scope.Open(ctx, "MergePrioritized")
		p := newRanks[T](s, len(others)+1)
		defer func() {
			s.Close(&err)
			err = fault.Join(err, p.lost.Discard(append(p.left(), p.refused.Take()...)...))
		}()
		p.run(s, 0, in)
		for i, o := range others {
			p.run(s, i+1, o)
		}
		s.Settle()
		for ctx.Err() == nil {
			failed := s.Ctx.Err() != nil // asked before: what is in the slots came before that
			v, ok, over := p.first()
			switch {
			case ok:
				if !emit(v) {
					return nil
				}
				continue
			case failed, over:
				return nil
			}
			select {
			case <-p.news:
			case <-s.Ctx.Done():
			}
		}
		return nil
	})
}
