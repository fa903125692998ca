package window

// keys holds the jobs that wait because a job with an equal key runs. It has no
// lock: the engine's lock guards it. A key takes space only while one of its jobs
// runs.
type keys[T any, K comparable] struct {
	busy  map[K]chain
	nodes []node[T, K]
	free  int // the first free node; len(nodes) if there is none
}

// chain is the line of jobs that wait for a busy key. first and last are indexes of
// nodes, plus 1; 0 means none.
type chain struct{ first, last int }

type node[T any, K comparable] struct {
	job  job[T, K]
	next int // index of the next node in the line, plus 1; in a free node, the index of the next free one
}

// begin reports whether j may run now. If not, j waits for its key.
func (q *keys[T, K]) begin(j job[T, K]) bool {
	if j.key != j.key { //nolint:gocritic,staticcheck // NaN equals no key: it waits for none, and a map could never delete it
		return true
	}
	if q.busy == nil {
		q.busy = map[K]chain{}
	}
	line, busy := q.busy[j.key]
	if !busy {
		q.busy[j.key] = chain{}
		return true
	}
	at := q.add(j)
	if line.last == 0 {
		line.first = at
	} else {
		q.nodes[line.last-1].next = at
	}
	line.last = at
	q.busy[j.key] = line
	return false
}

// end notes that a job with key k has ended. It returns the next job with this key,
// which may run now.
func (q *keys[T, K]) end(k K) (after job[T, K], ok bool) {
	line := q.busy[k]
	if line.first == 0 {
		delete(q.busy, k)
		return after, false
	}
	at := line.first - 1
	after = q.nodes[at].job
	if line.first = q.nodes[at].next; line.first == 0 {
		line.last = 0
	}
	q.busy[k] = line
	q.nodes[at] = node[T, K]{next: q.free}
	q.free = at
	return after, true
}

// add stores j in a free node. It returns the node's index, plus 1.
func (q *keys[T, K]) add(j job[T, K]) int {
	at := q.free
	if at == len(q.nodes) {
		q.nodes = append(q.nodes, node[T, K]{job: j})
		q.free = len(q.nodes)
		return at + 1
	}
	q.free = q.nodes[at].next
	q.nodes[at] = node[T, K]{job: j}
	return at + 1
}

// waiting returns the jobs that wait, line by line.
func (q *keys[T, K]) waiting() (jobs []job[T, K]) {
	for _, line := range q.busy {
		for at := line.first; at != 0; at = q.nodes[at-1].next {
			jobs = append(jobs, q.nodes[at-1].job)
		}
	}
	return jobs
}
