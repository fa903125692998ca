package operators

import (
	"context"
	"sync"

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
		p := newRanks[T](len(others) + 1)
		defer func() {
			s.Close(&err)
			run.From(ctx).Discard(p.left())
		}()
		p.run(s, 0, in)
		for i, o := range others {
			p.run(s, i+1, o)
		}
		for s.Ctx.Err() == nil {
			v, ok, over := p.first()
			switch {
			case ok:
				if !emit(v) {
					return nil
				}
				continue
			case over:
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

// ranks are the streams of a MergePrioritized, each with the slot that its item
// waits in. An item costs no more than the logarithm of their number.
type ranks[T any] struct {
	slots []chan T
	news  chan struct{} // cap 1: an item is in a slot, or a stream has completed

	mu   sync.Mutex // guards all below
	heap []int      // the slots that may have an item, the first stream's at the root
	in   []bool     // by slot: it is in heap
	live int        // streams that have not completed
}

func newRanks[T any](n int) *ranks[T] {
	p := &ranks[T]{slots: make([]chan T, n), news: make(chan struct{}, 1), in: make([]bool, n), live: n}
	for i := range p.slots {
		p.slots[i] = make(chan T, 1)
	}
	return p
}

func (p *ranks[T]) tell() {
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// run runs the stream of rank i.
func (p *ranks[T]) run(s *scope.Scope, i int, o turbopipes.Observable[T]) {
	s.Run(func(ctx context.Context) error {
		return o.Push(ctx, func(v T) bool {
			if !send(ctx.Done(), p.slots[i], v) {
				return false
			}
			p.filled(i)
			p.tell()
			return true
		})
	}, func(err error) {
		if err != nil {
			s.Fail(err)
			return
		}
		p.mu.Lock()
		p.live--
		p.mu.Unlock()
		p.tell()
	})
}

// filled takes note that an item was put into a slot.
func (p *ranks[T]) filled(i int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.in[i] {
		p.in[i] = true
		p.push(i)
	}
}

// first takes the item of the first stream that has one. That stream may have put
// the next one into its slot by then, so it stays in the heap until the slot is
// found to be empty. over: none will come.
func (p *ranks[T]) first() (v T, ok, over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.heap) > 0 {
		select {
		case v = <-p.slots[p.heap[0]]:
			return v, true, false
		default:
			p.in[p.pop()] = false
		}
	}
	return v, false, p.live == 0
}

func (p *ranks[T]) push(rank int) {
	p.heap = append(p.heap, rank)
	for i := len(p.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if p.heap[parent] <= p.heap[i] {
			return
		}
		p.heap[i], p.heap[parent] = p.heap[parent], p.heap[i]
		i = parent
	}
}

func (p *ranks[T]) pop() (rank int) {
	rank = p.heap[0]
	end := len(p.heap) - 1
	p.heap[0] = p.heap[end]
	p.heap = p.heap[:end]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < end; child++ {
			if p.heap[child] < p.heap[least] {
				least = child
			}
		}
		if least == i {
			return rank
		}
		p.heap[i], p.heap[least] = p.heap[least], p.heap[i]
		i = least
	}
}

// left is the number of items in the slots.
func (p *ranks[T]) left() (n int64) {
	for _, slot := range p.slots {
		n += int64(len(slot))
	}
	return n
}
