package handoff

// An upstream is quick if all its items are there when it begins. They go into the
// queue without a worker. A quick upstream counts as running until its last item is
// taken.

// maxQuick bounds the quick upstreams of a Crew without a Limit.
const maxQuick = 64

// Quick passes on the items of a quick upstream, instead of Give. The outcome is Stored;
// or Refused, as by a Put of the first item; or NoRoom, if a worker must run this upstream
// because there is no room for all of its items.
func (c *Crew[J, T]) Quick(items []T) Outcome {
	if len(items) == 0 {
		return Stored
	}
	q := c.fan.queue
	q.mu.Lock()
	ones := q.reclaimQuick()
	switch {
	case q.over():
		q.mu.Unlock()
		return Refused
	case c.Limit < 0 && ones >= maxQuick || q.length()+uint64(len(items)) > q.bound+1:
		q.mu.Unlock()
		return NoRoom
	}
	q.putQuick(items)
	c.runningQuick = ones + 1
	c.quickEnd = q.stored
	c.hasRoom = c.room()
	q.unlockWake()
	return Stored
}

// putQuick stores the items of a quick upstream. The caller holds the lock, and there is
// room for the items.
func (q *Queue[T]) putQuick(items []T) {
	q.quick.Grow(q.quickTaken, q.quickStored)
	*q.quick.At(q.quickStored) = q.stored + uint64(len(items)) - 1
	q.quickStored++
	q.bound++
	for _, v := range items {
		q.add(v)
	}
}

// reclaimQuick takes back the places of quick upstreams that are over, and returns how many
// still run. The caller holds the lock.
func (q *Queue[T]) reclaimQuick() int {
	for taken := q.taken.Load(); q.quickTaken != q.quickStored && *q.quick.At(q.quickTaken) < taken; q.quickTaken++ {
		q.bound--
	}
	return int(q.quickStored - q.quickTaken) //nolint:gosec // at most the bound
}

// full reports whether a producer must wait. The caller holds the lock.
func (q *Queue[T]) full() bool {
	q.reclaimQuick()
	return q.length() >= q.bound // more than the bound may wait: see Fan.ended
}

// tellGiver runs onTaken, after the subscriber has taken an item.
func (q *Queue[T]) tellGiver() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.onTaken()
}

// taken wakes the giver when a quick upstream is over, or when nothing is taken any more.
// The caller holds the lock.
func (c *Crew[J, T]) taken() {
	q := c.fan.queue
	ones := q.reclaimQuick()
	wakes := c.held && (c.room() || q.halted.Load())
	if wakes {
		c.held = false
		c.wakeGiver()
	}
	if wakes || !c.held || ones == 0 {
		q.giverWaits.Store(false)
	}
}
