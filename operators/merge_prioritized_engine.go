package operators

import (
	"github.com/turbopipes/turbopipes/internal/feed"
	"github.com/turbopipes/turbopipes/internal/run"
)

// priorityStreams holds the streams of one MergePrioritized. Each stream has a slot in
// which its item waits. The cost of an item grows at most with the logarithm of the
// number of streams.
type priorityStreams[T any] struct {
	*feed.Meet
	lanes []*feed.Lane[T]
	slots []T
	lost  run.Account[T]
	heap  []int // the streams whose slots are full; the first stream is at the root
}

func newPriorityStreams[T any](m *feed.Meet, n int) *priorityStreams[T] {
	p := &priorityStreams[T]{Meet: m, slots: make([]T, n), lanes: make([]*feed.Lane[T], n)}
	m.Share()
	p.lost = run.Keep[T](m.Stage(), nil)
	for i := range p.lanes {
		p.lanes[i] = feed.Lay(m, run.Hooks[T]{}, 0, func(v T) bool { return p.accept(i, v) })
	}
	return p
}

// accept puts an item of stream i into its slot, also while downstream is busy. The
// stream's door is shut until the slot is empty.
func (p *priorityStreams[T]) accept(i int, v T) (due bool) {
	p.slots[i] = v
	p.lanes[i].Shut()
	p.push(i)
	return true
}

// first takes the item of the first stream that has one. The stream's next item, if it
// is there, fills the slot again.
func (p *priorityStreams[T]) first() (v T, ok bool) {
	p.Lock()
	defer p.Unlock()
	if len(p.heap) == 0 {
		return v, false
	}
	i := p.pop()
	v, p.slots[i] = p.slots[i], v
	p.lanes[i].Refill()
	return v, true
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

// left returns the items that are still in the slots.
func (p *priorityStreams[T]) left() (items []T) {
	for _, i := range p.heap {
		items = append(items, p.slots[i])
	}
	return items
}
