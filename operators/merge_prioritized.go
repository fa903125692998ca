package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/fault"
	"github.com/turbopipes/turbopipes/internal/own"
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
	return turbopipes.Lift(own.Mark+"MergePrioritized", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) (err error) {
		if len(others) == 0 {
			return in.Push(ctx, emit)
		}
		s := scope.Open(ctx, "MergePrioritized")
		p := ranks[T]{news: make(chan struct{}, 1), lost: run.Keep[T](s.Stage(), nil)}
		defer func() {
			s.Close(&err)
			err = fault.Join(err, p.lost.Discard(append(p.left(), p.refused.Take()...)...))
		}()
		p.run(s, in)
		for _, o := range others {
			p.run(s, o)
		}
		s.Settle()
		for ctx.Err() == nil {
			failed := s.Ctx.Err() != nil // asked before: what is in the slots came before that
			v, ok := p.first()
			switch {
			case ok:
				if !emit(v) {
					return nil
				}
				continue
			case failed, len(p.slots) == 0:
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
	slots   []chan T
	news    chan struct{} // something is in a slot, or one was closed
	lost    run.Account[T]
	refused run.Refused[T]
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
	s.Upstream(func(ctx context.Context) error {
		return o.Push(ctx, func(v T) bool {
			if ctx.Err() != nil || !send(ctx.Done(), slot, v) {
				return p.refused.Keep(v)
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

// left takes the items in the slots.
func (p *ranks[T]) left() (items []T) {
	for {
		v, ok := p.first()
		if !ok {
			return items
		}
		items = append(items, v)
	}
}
