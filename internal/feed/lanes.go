package feed

// laneLink is the part of a Lane that does not depend on the type of its items.
type laneLink struct {
	lane interface {
		settle() (due bool)
		settleLent() (due, more bool)
		holds() (items, end bool)
	}
	shut bool // changed by the subscriber, or by accept

	next   *laneLink
	queued bool // it is in the queue
	aside  bool // it has an item, but its door was shut when it was looked at

	// These belong to the subscriber.
	reopened bool // it is in the Meet's list of that name
	lends    bool // it is in the Meet's list of lending lanes
}

// enqueue makes Await look at k. The caller holds the lock.
func (m *Meet) enqueue(k *laneLink) {
	switch {
	case k.queued || k.aside:
	case m.open: // its door is shut, or an upstream could put its item into the state
		k.aside = true
	default:
		m.queue.put(k)
	}
}

// settleLent takes borrowed items until something is due. The lanes take turns. It
// needs no lock.
func (m *Meet) settleLent() (due bool) {
	for skipped := 0; skipped < len(m.lending); {
		if m.turn >= len(m.lending) {
			m.turn = 0
		}
		k := m.lending[m.turn]
		if k.shut {
			skipped++
			m.turn++
			continue
		}
		skipped = 0
		due, more := k.lane.settleLent()
		if more {
			m.turn++
		} else {
			last := len(m.lending) - 1
			m.lending[m.turn], m.lending[last] = m.lending[last], nil
			m.lending = m.lending[:last]
		}
		if due {
			return true
		}
	}
	return false
}

// settle takes from the lanes until something is due. The caller holds the lock.
func (m *Meet) settle() (due bool) {
	for i, k := range m.reopened {
		k.reopened = false
		if k.aside {
			k.aside = false
			m.queue.put(k)
		}
		m.reopened[i] = nil
	}
	m.reopened = m.reopened[:0]
	return m.queue.settle()
}

// laneQueue has the lanes that Await must look at, each of them once. The lane that was
// looked at goes to the end, so that no lane starves.
type laneQueue struct{ first, last *laneLink }

func (q *laneQueue) put(k *laneLink) {
	if k.queued {
		return
	}
	k.queued, k.next = true, nil
	if q.first == nil {
		q.first = k
	} else {
		q.last.next = k
	}
	q.last = k
}

// settle takes from the lanes until something is due. It reports whether something is.
func (q *laneQueue) settle() (due bool) {
	for !due && q.first != nil {
		k := q.first
		q.first, k.next, k.queued = k.next, nil, false
		items, end := k.lane.holds()
		if items && k.shut {
			k.aside = true
			continue
		}
		if !items && !end {
			continue // the item was withdrawn
		}
		due = k.lane.settle()
		if items, end = k.lane.holds(); items && k.shut {
			k.aside = true
		} else if items || end {
			q.put(k)
		}
	}
	return due
}
