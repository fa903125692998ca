package hot

import (
	"sync"
	"sync/atomic"
)

// parking is where subscribers wait for items. It has its own lock, so that waiting
// subscribers don't contend with producers for the Hub's lock.
type parking[T any] struct {
	parked    atomic.Int64 // the number of parked subscribers; a producer reads only this
	parkingMu sync.Mutex   // guards head, and the links and the flag of each Sub
	head      *Sub[T]
}

// park adds s, unless ready reports that s need not wait. A subscriber first counts
// itself and then looks for items. A producer first stores an item and then looks at
// the count. So at least one of them notices the other.
func (p *parking[T]) park(s *Sub[T], ready func() bool) bool {
	p.parkingMu.Lock()
	defer p.parkingMu.Unlock()
	p.parked.Add(1)
	if ready() {
		p.parked.Add(-1)
		return false
	}
	s.waits = true
	s.previous, s.next = nil, p.head
	if p.head != nil {
		p.head.previous = s
	}
	p.head = s
	return true
}

// wakeAll wakes all parked subscribers.
func (p *parking[T]) wakeAll() {
	if p.parked.Load() == 0 {
		return
	}
	p.parkingMu.Lock()
	all := p.head
	p.head = nil
	for s := all; s != nil; s = s.next {
		s.waits = false // nobody else wakes s now, so its link stays
		p.parked.Add(-1)
	}
	p.parkingMu.Unlock()
	for s := all; s != nil; {
		after := s.next
		s.next = nil
		s.ready <- struct{}{} // it has room: s is parked only once
		s = after
	}
}

// wakeOne wakes s if it is parked.
func (p *parking[T]) wakeOne(s *Sub[T]) {
	p.parkingMu.Lock()
	waits := s.waits
	if waits {
		s.waits = false
		p.parked.Add(-1)
		if s.previous != nil {
			s.previous.next = s.next
		} else {
			p.head = s.next
		}
		if s.next != nil {
			s.next.previous = s.previous
		}
		s.previous, s.next = nil, nil
	}
	p.parkingMu.Unlock()
	if waits {
		s.ready <- struct{}{}
	}
}
