package window

// accept is the emit that upstream sees: it waits for a place in the window.
func (e *engine[T, K, R]) accept(v T) bool {
	if e.Key != nil {
		return e.acceptKeyed(v)
	}
	at := e.runnable.Load()
	if !e.room(at) {
		return e.refused.Keep(v)
	}
	e.growRings(at)
	*e.jobs.At(at) = job[T, K]{seq: at, item: v}
	e.runnable.Store(at + 1)
	if e.attention.Load() { // asked behind it: who begins to wait looks at runnable again
		e.mu.Lock()
		c := e.needWorker(0)
		e.mu.Unlock()
		e.dispatch(c)
	}
	return true
}

// acceptKeyed is accept where items may have to wait for their key.
func (e *engine[T, K, R]) acceptKeyed(v T) bool {
	j := job[T, K]{item: v}
	e.keying.Busy = true // until the key is there: a panic has failed on v
	j.key = e.Key(v)
	_ = map[K]struct{}(nil)[j.key] // a key that can't be hashed panics here, and not under the lock
	e.keying.Busy = false
	if !e.room(e.pulled) {
		return e.refused.Keep(v)
	}
	e.mu.Lock()
	j.seq = e.pulled
	if e.Ordered {
		e.slots.Fit(e.taken.Load(), e.borrowedEnd, j.seq)
	}
	e.pulled++
	if e.keys.begin(j) {
		e.enqueue(j)
	}
	c := e.needWorker(0)
	e.mu.Unlock()
	e.dispatch(c)
	return true
}

// room waits until an item has a place at the position at. false: it is refused,
// and was never in.
func (e *engine[T, K, R]) room(at uint64) bool {
	for at-e.seenTaken >= e.limit {
		if e.seenTaken = e.taken.Load(); at-e.seenTaken < e.limit {
			break
		}
		e.feederParked.Store(true)
		if e.seenTaken = e.taken.Load(); at-e.seenTaken < e.limit || e.refusing.Load() { // asked behind it
			if e.feederParked.Swap(false) {
				break
			}
		}
		<-e.wakeFeeder
	}
	return !e.refusing.Load()
}

// fit makes room in the rings, which are small at first, for a job at the
// position at. Nobody else makes those grow that it looks at without the lock.
func (e *engine[T, K, R]) growRings(at uint64) {
	if at-e.seenClaimed >= e.jobs.Len() {
		e.mu.Lock()
		e.seenClaimed = e.claimed
		e.jobs.Grow(e.claimed, at)
		e.mu.Unlock()
	}
	if e.Ordered && at-e.seenTaken >= e.slots.Len() {
		e.mu.Lock()
		e.seenTaken = e.taken.Load()
		e.slots.Fit(e.seenTaken, e.borrowedEnd, at)
		e.mu.Unlock()
	}
}

// enqueue makes j one that a worker can claim, under the lock.
func (e *engine[T, K, R]) enqueue(j job[T, K]) {
	at := e.runnable.Load()
	e.jobs.Grow(e.claimed, at)
	*e.jobs.At(at) = j
	e.runnable.Store(at + 1)
}

// held is the number of items that were taken from upstream.
func (e *engine[T, K, R]) held() uint64 {
	if e.Key != nil {
		return e.pulled
	}
	return e.runnable.Load()
}
