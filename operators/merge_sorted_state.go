package operators

// headHeap holds the items that wait in a MergeSorted, one per stream. It is a heap
// with the least item at the root.
type headHeap[T any] struct {
	compare func(a, b T) int
	heap    []streamHead[T]
	taken   bool // the root's item was taken, and its stream has not sent the next one yet
}

// streamHead is an item and the index of its stream.
type streamHead[T any] struct {
	v    T
	from int
}

func (h *headHeap[T]) less(i, j int) bool {
	a, b := h.heap[i], h.heap[j]
	c := h.compare(a.v, b.v)
	return c < 0 || c == 0 && a.from < b.from
}

// add adds the first item of a stream.
func (h *headHeap[T]) add(v T, from int) {
	h.heap = append(h.heap, streamHead[T]{v, from})
	for i := len(h.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h.less(i, parent) {
			return
		}
		h.heap[i], h.heap[parent] = h.heap[parent], h.heap[i]
		i = parent
	}
}

func (h *headHeap[T]) none() bool { return len(h.heap) == 0 }

// take returns the least item, and clears its place so that the item is not kept
// alive. The place stays reserved for the next item of the same stream.
func (h *headHeap[T]) take() (v T, from int) {
	h.taken = true
	v, h.heap[0].v = h.heap[0].v, v
	return v, h.heap[0].from
}

// refill puts the next item of the stream from which the last item was taken into
// the reserved place. If more is false, refill removes the place.
func (h *headHeap[T]) refill(v T, more bool) {
	h.taken = false
	if more {
		h.heap[0].v = v
	} else {
		last := len(h.heap) - 1
		h.heap[0], h.heap[last] = h.heap[last], streamHead[T]{}
		h.heap = h.heap[:last]
	}
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h.heap); child++ {
			if h.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		h.heap[i], h.heap[least] = h.heap[least], h.heap[i]
		i = least
	}
}

// left returns the items that still wait.
func (h *headHeap[T]) left() (items []T) {
	for i, head := range h.heap {
		if i > 0 || !h.taken {
			items = append(items, head.v)
		}
	}
	return items
}
