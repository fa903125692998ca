package hot

import (
	"sync"
	"sync/atomic"
)

// parking is where subscribers wait for items. It has a lock of its own, so that
// they never meet a producer at the other one.
type parking[T any] struct {
	parked atomic.Int64 // how many there are: a producer looks at this only
	pmu    sync.Mutex   // guards head, and the links and the flag of each Sub
	head   *Sub[T]
}

// park adds s, unless ready tells that it need not wait. The count comes first,
// then the question; a producer stores first, and then looks at the count. So one
// of them sees the other.
func (p *parking[T]) park(s *Sub[T], ready func() bool) bool {
	p.pmu.Lock()
	defer p.pmu.Unlock()
	p.parked.Add(1)
	if ready() {
		p.parked.Add(-1)
		return false
	}
	s.waits = true
	s.prev, s.after = nil, p.head
	if p.head != nil {
		p.head.prev = s
	}
	p.head = s
	return true
}

// wakeAll wakes everyone who is parked.
func (p *parking[T]) wakeAll() {
	if p.parked.Load() == 0 {
		return
	}
	p.pmu.Lock()
	all := p.head
	p.head = nil
	for s := all; s != nil; s = s.after {
		s.waits = false // so it is woken by nobody else, and its link stays
		p.parked.Add(-1)
	}
	p.pmu.Unlock()
	for s := all; s != nil; {
		after := s.after
		s.after = nil
		s.ready <- struct{}{} // it has room: s is parked once
		s = after
	}
}

// wakeOne wakes s if it is parked.
func (p *parking[T]) wakeOne(s *Sub[T]) {
	p.pmu.Lock()
	waits := s.waits
	if waits {
		s.waits = false
		p.parked.Add(-1)
		if s.prev != nil {
			s.prev.after = s.after
		} else {
			p.head = s.after
		}
		if s.after != nil {
			s.after.prev = s.prev
		}
		s.prev, s.after = nil, nil
	}
	p.pmu.Unlock()
	if waits {
		s.ready <- struct{}{}
	}
}
