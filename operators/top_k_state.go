package operators

import (
	"cmp"
	"slices"
)

// topHeap keeps the k greatest items.
type topHeap[T any] struct {
	k       int
	compare func(a, b T) int
	heap    []rankedItem[T] // the worst item first: the item at i is never worse than the item at (i-1)/2
	seen    uint64
}

// rankedItem is an item and its number in the order of arrival, which orders equal
// items.
type rankedItem[T any] struct {
	v   T
	seq uint64
}

// better compares ranks. It returns a negative number when a comes before b.
func (t *topHeap[T]) better(a, b rankedItem[T]) int {
	if c := t.compare(b.v, a.v); c != 0 {
		return c
	}
	return cmp.Compare(a.seq, b.seq)
}

func (t *topHeap[T]) add(v T) {
	item := rankedItem[T]{v, t.seen}
	t.seen++
	switch {
	case len(t.heap) < t.k:
		t.heap = append(t.heap, item)
		t.up(len(t.heap) - 1)
	case t.better(item, t.heap[0]) < 0:
		t.heap[0] = item
		t.down(0)
	}
}

func (t *topHeap[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if t.better(t.heap[i], t.heap[parent]) < 0 {
			return
		}
		t.heap[i], t.heap[parent] = t.heap[parent], t.heap[i]
		i = parent
	}
}

func (t *topHeap[T]) down(i int) {
	for {
		worst := 2*i + 1
		if worst >= len(t.heap) {
			return
		}
		if next := worst + 1; next < len(t.heap) && t.better(t.heap[worst], t.heap[next]) < 0 {
			worst = next
		}
		if t.better(t.heap[worst], t.heap[i]) < 0 {
			return
		}
		t.heap[i], t.heap[worst] = t.heap[worst], t.heap[i]
		i = worst
	}
}

// left returns the items as they are. If compare has failed while an item was added,
// left leaves out that item.
func (t *topHeap[T]) left(adding bool) (items []T) {
	for _, item := range t.heap {
		if !adding || item.seq != t.seen-1 {
			items = append(items, item.v)
		}
	}
	return items
}

// descending returns the items, the greatest first. No item may be added after it.
func (t *topHeap[T]) descending() []T {
	slices.SortFunc(t.heap, t.better)
	items := make([]T, len(t.heap))
	for i, item := range t.heap {
		items[i] = item.v
	}
	return items
}
