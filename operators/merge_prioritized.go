package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/run"
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
// undelivered; what is at an early end counts as discarded. Memory: one item per
// stream. Goroutines: one per stream, joined before it ends.
//
// Without others it is the identity. A zero Observable among others is an
// ErrInvalidArgument. For a fair share see [Merge], or [Interleave]. It corresponds
// to Reactor's mergePriority and Pekko's mergePrioritized.
func MergePrioritized[T any](others ...turbopipes.Observable[T]) turbopipes.Operator[T, T] {
	if anyZero(others) {
		return turbopipes.Invalid[T, T]("MergePrioritized", zeroOther)
	}
	return turbopipes.Lift("MergePrioritized", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if len(others) == 0 {
			return in.Push(ctx, emit)
		}
		s := scope.Open(ctx, "MergePrioritized")
		p := ranks[T]{news: make(chan struct{}, 1)}
		defer func() {
			s.Close(&err)
			run.From(ctx).Discard(p.left())
		}()
		p.run(s, in)
		for _, o := range others {
			p.run(s, o)
		}
		for s.Ctx.Err() == nil {
			v, ok := p.first()
			switch {
			case ok:
				if !emit(v) {
					return nil
				}
				continue
			case len(p.slots) == 0:
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

// ranks are the streams of a MergePrioritized that have not completed, each by the
// slot that its item waits in.
type ranks[T any] struct {
	slots []chan T
	news  chan struct{} // something is in a slot, or one was closed
}

func (p *ranks[T]) tell() {
	select {
	case p.news <- struct{}{}:
	default:
	}
}

func (p *ranks[T]) run(s *scope.Scope, o turbopipes.Observable[T]) {
	slot := make(chan T, 1)
	p.slots = append(p.slots, slot)
	s.Run(func(ctx context.Context) error {
		return o.Push(ctx, func(v T) bool {
			if !send(ctx.Done(), slot, v) {
				return false
			}
			p.tell()
			return true
		})
	}, func(err error) {
		if err != nil {
			s.Fail(err)
			return
		}
		close(slot)
		p.tell()
	})
}

// first takes the first item there is, and forgets the streams before it that have
// completed.
func (p *ranks[T]) first() (v T, ok bool) {
	for i := 0; i < len(p.slots); {
		select {
		case v, ok = <-p.slots[i]:
			if ok {
				return v, true
			}
			p.slots = append(p.slots[:i], p.slots[i+1:]...)
		default:
			i++
		}
	}
	return v, false
}

// left is the number of items in the slots.
func (p *ranks[T]) left() (n int64) {
	for _, slot := range p.slots {
		n += int64(len(slot))
	}
	return n
}
