package operators

import "time"

// shedQueue holds the items that wait in a LoadShed, in the order in which they
// came. If they are ranked, they are also in a heap, with the item that is dropped
// first at its root.
type shedQueue[T any] struct {
	most   int
	ranked bool

	cells       []shedCell[T] // [0] is unused: 0 means no cell
	free        []int         // cells that hold nothing
	first, last int           // the oldest and the newest
	n           int
	heap        []int // cells, the lowest rank first; of equal ranks, the oldest first
	came        uint64
}

type shedCell[T any] struct {
	item       T
	at         time.Time
	rank       int
	turn       uint64 // of two cells, the one with the lower turn is older
	prev, next int
	inHeap     int // its index in heap
}

// put stores v. full reports that an item was dropped to make room: lost, which may
// be v.
func (q *shedQueue[T]) put(v T, rank int, now time.Time) (lost T, full bool) {
	if q.n == q.most {
		fallen := q.first
		if q.ranked {
			fallen = q.heap[0]
			if rank < q.cells[fallen].rank {
				return v, true
			}
		}
		lost, full = q.remove(fallen), true
	}
	i := q.cell()
	q.came++
	q.cells[i] = shedCell[T]{item: v, at: now, rank: rank, turn: q.came, prev: q.last}
	if q.last == 0 {
		q.first = i
	} else {
		q.cells[q.last].next = i
	}
	q.last = i
	q.n++
	if q.ranked {
		q.heap = append(q.heap, i)
		q.cells[i].inHeap = len(q.heap) - 1
		q.up(len(q.heap) - 1)
	}
	return lost, full
}

// take removes and returns the oldest item that has not come before oldest. old are
// the items that have come before oldest; they are removed too.
func (q *shedQueue[T]) take(oldest time.Time) (v T, found bool, old []T) {
	for q.n > 0 && q.cells[q.first].at.Before(oldest) {
		old = append(old, q.remove(q.first))
	}
	if q.n == 0 {
		return v, false, old
	}
	return q.remove(q.first), true, old
}

// left removes and returns all items.
func (q *shedQueue[T]) left() (all []T) {
	for q.n > 0 {
		all = append(all, q.remove(q.first))
	}
	return all
}

// cell returns an unused cell.
func (q *shedQueue[T]) cell() int {
	if n := len(q.free); n > 0 {
		i := q.free[n-1]
		q.free = q.free[:n-1]
		return i
	}
	if len(q.cells) == 0 {
		q.cells = make([]shedCell[T], 1, 8)
	}
	q.cells = append(q.cells, shedCell[T]{})
	return len(q.cells) - 1
}

// remove removes cell i, and returns its item.
func (q *shedQueue[T]) remove(i int) T {
	c := q.cells[i]
	if c.prev == 0 {
		q.first = c.next
	} else {
		q.cells[c.prev].next = c.next
	}
	if c.next == 0 {
		q.last = c.prev
	} else {
		q.cells[c.next].prev = c.prev
	}
	q.n--
	if q.ranked {
		end := len(q.heap) - 1
		q.swap(c.inHeap, end)
		q.heap = q.heap[:end]
		if c.inHeap < end {
			q.up(c.inHeap)
			q.down(c.inHeap)
		}
	}
	q.cells[i] = shedCell[T]{} // so that it keeps no item alive
	q.free = append(q.free, i)
	return c.item
}

// falls reports whether the item at i in the heap is dropped before the item at j.
func (q *shedQueue[T]) falls(i, j int) bool {
	a, b := &q.cells[q.heap[i]], &q.cells[q.heap[j]]
	if a.rank != b.rank {
		return a.rank < b.rank
	}
	return a.turn < b.turn
}

func (q *shedQueue[T]) swap(i, j int) {
	q.heap[i], q.heap[j] = q.heap[j], q.heap[i]
	q.cells[q.heap[i]].inHeap, q.cells[q.heap[j]].inHeap = i, j
}

func (q *shedQueue[T]) up(i int) {
	for i > 0 && q.falls(i, (i-1)/2) {
		q.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (q *shedQueue[T]) down(i int) {
	for {
		least := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < len(q.heap) && q.falls(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		q.swap(i, least)
		i = least
	}
}
