package window

// next waits for the next result and takes it. ok is false at the end. If lost is
// not nil, there is no result: lost is an item to discard.
func (e *engine[T, K, R]) next() (r R, ok bool, lost *skipped[T]) {
	for {
		if e.position == e.borrowedEnd && !e.borrow() || e.halted.Load() {
			return r, false, nil
		}
		s := e.borrowed.Take(e.position)
		e.position++
		e.taken.Store(e.position) // the place is free as soon as the subscriber has the item
		if e.feederParked.Load() {
			e.refill()
		}
		if !s.failed || s.skipped != nil {
			return s.result, true, s.skipped
		}
	}
}

// borrow waits for results, and lends all results that are ready to the subscriber.
// next then takes their places one by one, without the lock.
func (e *engine[T, K, R]) borrow() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.waits() {
		e.subscriberParked = true
		e.wakeSubscriber.Wait()
	}
	e.borrowedEnd, e.borrowed = e.ready, e.slots
	return e.position < e.borrowedEnd
}

// refill wakes the feeder, unless enough jobs are left. In that case the worker that
// claims the last job wakes it. In a narrow window there are never enough.
func (e *engine[T, K, R]) refill() {
	wake := true
	if e.refillBelow > 1 {
		e.mu.Lock()
		wake = e.runnable.Load()-e.claimed <= e.refillBelow
		e.mu.Unlock()
	}
	if wake && e.feederParked.Swap(false) {
		e.wakeFeeder <- struct{}{}
	}
}

// waits reports whether the subscriber has to wait for a result. The caller holds
// mu.
func (e *engine[T, K, R]) waits() bool {
	return !e.halted.Load() && !e.over() && e.taken.Load() == e.ready
}
