package handoff

import "runtime"

// Put waits for room. It returns false if the queue was closed or halted, and v was
// not stored.
func (q *Queue[T]) Put(v T) bool {
	q.mu.Lock()
	for spun := 0; q.full() && !q.over(); {
		if spun < patience && !q.producerCalled && (q.waitingProducers == 0 || q.turn < maxTurn) {
			spun = q.spin(spun)
		} else {
			q.waitForRoom()
		}
	}
	if q.over() {
		q.mu.Unlock()
		return false
	}
	q.store(v)
	return true
}

// patience is how often somebody who waits lets other goroutines run before it parks.
// Most waits end meanwhile. To park and to be woken costs several times as much.
const patience = 8

// fewYields is the patience of the subscriber of a queue that does not lend. There may
// be hundreds of these queues, as those of groups. Then one yield takes long.
const fewYields = 2

// maxTurn is how many items a producer puts before it calls the next producer, as
// long as it need not park. Only one producer spins, and the others stay parked: with
// all of them spinning, every item would cost a goroutine switch, and with none, every
// item would cost a wake-up.
const maxTurn = 16

// spin lets other goroutines run until there is room, or patience is over. It returns
// how often this Put has done so. Meanwhile the producer counts as called. The caller
// holds the lock; spin releases and reacquires it.
func (q *Queue[T]) spin(spun int) int {
	q.producerCalled = true
	if q.starving.Load() {
		q.starving.Store(false)
	}
	full := q.stored - q.bound // there is no room until more than this is taken
	q.mu.Unlock()
	for ; spun < patience && q.taken.Load() <= full; spun++ { // without the lock, which the others need
		runtime.Gosched()
	}
	q.mu.Lock()
	q.producerCalled = false
	return spun
}

// waitForRoom parks until the producer is called. The caller holds the lock;
// waitForRoom releases and reacquires it.
func (q *Queue[T]) waitForRoom() {
	q.turn = 0
	q.waitingProducers++
	q.starving.Store(!q.producerCalled)
	if q.full() { // read again: the subscriber takes first, and reads starving afterwards
		q.room.Wait()
		q.producerCalled = false
	}
	q.waitingProducers--
}

// callProducer calls one of the waiting producers, if there is room and none is
// called already.
func (q *Queue[T]) callProducer() {
	starving := q.waitingProducers > 0 && !q.producerCalled
	if starving && !q.full() {
		q.producerCalled, starving = true, false
		q.room.Signal()
	}
	if starving != q.starving.Load() {
		q.starving.Store(starving)
	}
}
