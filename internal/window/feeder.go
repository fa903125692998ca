package window

import "context"

// feeder is the engine as the goroutine that runs upstream.
type feeder[T any, K comparable, R any] struct{ *engine[T, K, R] }

// Run runs upstream.
func (f feeder[T, K, R]) Run(ctx context.Context) error {
	return f.up(f.upstream(ctx), f.keying.On(f.accept))
}

// Ended handles the end of upstream.
func (f feeder[T, K, R]) Ended(err error) { f.upstreamEnded(err) }

// accept is the emit of upstream. It waits for a place in the window.
func (e *engine[T, K, R]) accept(v T) bool {
	if e.Key != nil {
		return e.acceptKeyed(v)
	}
	at := e.runnable.Load()
	if !e.room(at) {
		return e.refused.Keep(v)
	}
	e.growRings(at)
	*e.jobs.At(at) = job[T]{seq: at, item: v}
	e.runnable.Store(at + 1)
	if e.attention.Load() { // after the store: a worker that begins to wait reads runnable again
		e.mu.Lock()
		c := e.needWorker(0)
		e.mu.Unlock()
		e.dispatch(c)
	}
	return true
}

// acceptKeyed is accept for items that may have to wait for their key.
func (e *engine[T, K, R]) acceptKeyed(v T) bool {
	e.keying.Busy = true // until Key has returned: if it panics, v counts as failed
	k := e.Key(v)
	j := job[T]{item: v, line: e.keys.find(k)} // a key that can't be hashed panics here
	e.keying.Busy = false
	if !e.room(e.pulled) {
		return e.refused.Keep(v)
	}
	opens := j.line == 0 && k == k //nolint:gocritic,staticcheck // NaN equals no key: it waits for none, and a map could never delete it
	e.mu.Lock()
	j.seq = e.pulled
	if e.Ordered {
		e.slots.Fit(e.taken.Load(), e.borrowedEnd, j.seq)
	}
	e.pulled++
	var gone K
	evicts := false
	if opens {
		j.line, gone, evicts = e.keys.open(k)
	}
	if e.keys.begin(j) {
		e.enqueue(j)
	}
	c := e.needWorker(0)
	e.mu.Unlock()
	e.dispatch(c)
	if opens {
		e.keys.note(k, j.line, gone, evicts)
	}
	return true
}

// room waits until the window has a place for the item at position at. It returns
// false if the item is refused; the item was never in the window then.
func (e *engine[T, K, R]) room(at uint64) bool {
	for at-e.seenTaken >= e.limit {
		if e.seenTaken = e.taken.Load(); at-e.seenTaken < e.limit {
			break
		}
		if e.wakeFeeder == nil {
			e.wakeFeeder = make(chan struct{}, 1)
		}
		e.feederParked.Store(true)
		if e.seenTaken = e.taken.Load(); at-e.seenTaken < e.limit || e.refusing.Load() { // read again after the flag was set
			if e.feederParked.Swap(false) {
				break
			}
		}
		<-e.wakeFeeder
	}
	return !e.refusing.Load()
}

// growRings makes room for a job at position at in the rings, which are small at
// first. Only the feeder grows the rings that it reads without the lock.
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

// enqueue makes j claimable. The caller holds mu.
func (e *engine[T, K, R]) enqueue(j job[T]) {
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
