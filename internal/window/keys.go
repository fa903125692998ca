package window

// keys knows which keys are busy, and holds the jobs that wait because a job with an
// equal key runs. Each key that was seen lately has a line. The feeder looks keys up in
// the index, which is its own, without a lock. The engine's lock guards the rest: a job
// knows its line, so workers need no key.
type keys[T any, K comparable] struct {
	index map[K]int // the lines of keys, as job.line

	lines               []line[K]
	idleFirst, idleLast int // lines that have become idle, as indexes plus 1
	nodes               []node[T]
	free                int // the first free node; len(nodes) if there is none
}

// line is the jobs that wait for a key. first and last are indexes of nodes, plus 1; 0
// means none.
type line[K comparable] struct {
	key         K
	first, last int
	busy        bool // a job with the key runs, or may
	used        bool // a job has begun since takeIdle has last seen the line in the list
	listed      bool // it is in the list of idle lines, perhaps busy again
	next        int  // in that list
}

type node[T any] struct {
	job  job[T]
	next int // index of the next node in the line, plus 1; in a free node, the index of the next free one
}

// reuseFrom is from how many lines on a new key gets the line of an idle one.
const reuseFrom = 1024

// find returns the line of k, or 0 if it has none. The feeder calls it, without the
// lock. It panics for a key that can't be hashed.
func (q *keys[T, K]) find(k K) int { return q.index[k] }

// open returns a line for k. The line may have been that of another key, which is gone
// then. The feeder calls it, and passes the results to note. The caller holds the lock.
func (q *keys[T, K]) open(k K) (at int, gone K, evicts bool) {
	if len(q.lines) >= reuseFrom {
		at = q.takeIdle()
	}
	if at == 0 {
		q.lines = append(q.lines, line[K]{key: k})
		return len(q.lines), gone, false
	}
	l := &q.lines[at-1]
	gone = l.key
	*l = line[K]{key: k}
	return at, gone, true
}

// note notes what open has returned. The feeder calls it, without the lock.
func (q *keys[T, K]) note(k K, at int, gone K, evicts bool) {
	if q.index == nil {
		q.index = map[K]int{}
	}
	if evicts {
		delete(q.index, gone)
	}
	q.index[k] = at
}

// takeIdle takes a line that was not used lately out of the list of idle lines, or
// returns 0. The caller holds the lock.
func (q *keys[T, K]) takeIdle() int {
	for q.idleFirst != 0 {
		at := q.idleFirst
		l := &q.lines[at-1]
		if q.idleFirst = l.next; q.idleFirst == 0 {
			q.idleLast = 0
		}
		l.listed, l.next = false, 0
		switch {
		case l.busy: // listed again when it is idle
		case l.used:
			l.used = false
			q.list(at)
		default:
			return at
		}
	}
	return 0
}

// list puts a line at the end of the list of idle lines.
func (q *keys[T, K]) list(at int) {
	q.lines[at-1].listed = true
	if q.idleLast == 0 {
		q.idleFirst = at
	} else {
		q.lines[q.idleLast-1].next = at
	}
	q.idleLast = at
}

// begin reports whether j may run now. If not, j waits in its line. The caller holds the
// lock.
func (q *keys[T, K]) begin(j job[T]) bool {
	if j.line == 0 {
		return true
	}
	l := &q.lines[j.line-1]
	if !l.busy {
		l.busy, l.used = true, l.listed
		return true
	}
	at := q.add(j)
	if l.last == 0 {
		l.first = at
	} else {
		q.nodes[l.last-1].next = at
	}
	l.last = at
	return false
}

// end notes that a job of the line has ended. It returns the next job of the line, which
// may run now. The caller holds the lock.
func (q *keys[T, K]) end(of int) (after job[T], ok bool) {
	if of == 0 {
		return after, false
	}
	l := &q.lines[of-1]
	if l.first == 0 {
		if l.busy = false; !l.listed {
			q.list(of)
		}
		return after, false
	}
	at := l.first - 1
	after = q.nodes[at].job
	if l.first = q.nodes[at].next; l.first == 0 {
		l.last = 0
	}
	q.nodes[at] = node[T]{next: q.free}
	q.free = at
	return after, true
}

// add stores j in a free node. It returns the node's index, plus 1.
func (q *keys[T, K]) add(j job[T]) int {
	at := q.free
	if at == len(q.nodes) {
		q.nodes = append(q.nodes, node[T]{job: j})
		q.free = len(q.nodes)
		return at + 1
	}
	q.free = q.nodes[at].next
	q.nodes[at] = node[T]{job: j}
	return at + 1
}

// waiting returns the jobs that wait, line by line.
func (q *keys[T, K]) waiting() (jobs []job[T]) {
	for _, l := range q.lines {
		for at := l.first; at != 0; at = q.nodes[at-1].next {
			jobs = append(jobs, q.nodes[at-1].job)
		}
	}
	return jobs
}
