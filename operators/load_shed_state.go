package operators

import "time"

// shedQueue has the items that wait in a LoadShed: in the order in which they
// came, and, if they are ranked, in a heap whose root is what falls first.
type shedQueue[T any] struct {
	most   int
	ranked bool

	cells       []shedCell[T] // [0] is unused: 0 is no cell
	free        []int         // cells that hold nothing
	first, last int           // the oldest and the newest
	n           int
	heap        []int // cells, the lowest rank first, of equal ones the oldest
	came        uint64
}

type shedCell[T any] struct {
	item       T
	at         time.Time
	rank       int
	turn       uint64 // tells which of two is older
	prev, next int
	inHeap     int // its index there
}

// put stores v. full: an item has fallen, which may be v.
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

// take gives the oldest item that has not come before oldest, and those that
// have.
func (q *shedQueue[T]) take(oldest time.Time) (v T, found bool, old []T) {
	for q.n > 0 && q.cells[q.first].at.Before(oldest) {
		old = append(old, q.remove(q.first))
	}
	if q.n == 0 {
		return v, false, old
	}
	return q.remove(q.first), true, old
}

// left takes all.
func (q *shedQueue[T]) left() (all []T) {
	for q.n > 0 {
		all = append(all, q.remove(q.first))
	}
	return all
}

// cell gives an unused one.
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

// remove takes cell i out.
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
	q.cells[i] = shedCell[T]{} // it keeps nothing alive
	q.free = append(q.free, i)
	return c.item
}

// falls tells whether what is at i in the heap falls before what is at j.
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
