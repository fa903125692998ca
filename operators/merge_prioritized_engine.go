package operators

import (
	"context"
	"sync"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// priorityStreams holds the streams of one MergePrioritized. Each stream has a slot in which
// its item waits. The cost of an item grows at most with the logarithm of the number
// of streams.
type priorityStreams[T any] struct {
	slots []chan T
	news  chan struct{} // cap 1: an item is in a slot, or a stream has completed

	lost    run.Account[T]
	refused run.Refused[T]

	mu   sync.Mutex // guards the fields below
	heap []int      // the streams whose slots may have an item; the first stream is at the root
	in   []bool     // by stream: it is in heap
	live int        // streams that have not completed
}

func newPriorityStreams[T any](s *scope.Scope, n int) *priorityStreams[T] {
	p := &priorityStreams[T]{slots: make([]chan T, n), news: make(chan struct{}, 1), in: make([]bool, n), live: n}
	p.lost = run.Keep[T](s.Stage(), nil)
	for i := range p.slots {
		p.slots[i] = make(chan T, 1)
	}
	return p
}

func (p *priorityStreams[T]) tell() {
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// run runs stream i.
func (p *priorityStreams[T]) run(s *scope.Scope, i int, o turbopipes.Observable[T]) {
	s.Upstream(func(ctx context.Context) error {
		return o.Push(ctx, func(v T) bool {
			if ctx.Err() != nil || !sendOrDone(ctx.Done(), p.slots[i], v) {
				return p.refused.Keep(v)
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

// filled notes that stream i has put an item into its slot.
func (p *priorityStreams[T]) filled(i int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.in[i] {
		p.in[i] = true
		p.push(i)
	}
}

// first takes an item of the first stream that has one. The stream may already have
// put its next item into the slot. So the stream stays in the heap until its slot is
// found to be empty. over reports that no item will come.
func (p *priorityStreams[T]) first() (v T, ok, over bool) {
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

func (p *priorityStreams[T]) push(rank int) {
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

func (p *priorityStreams[T]) pop() (rank int) {
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

// left takes the items that are still in the slots. It is called when every stream
// has ended.
func (p *priorityStreams[T]) left() (items []T) {
	for _, slot := range p.slots {
		if len(slot) > 0 {
			items = append(items, <-slot)
		}
	}
	return items
}
