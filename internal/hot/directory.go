package hot

import "sync"

// Directory has the hubs of a topic's subscribers, by the keys of their subscriptions.
// Its zero value is empty. All methods may be called from any goroutine.
//
// A key may have many subscribers, and they leave in any order. So the subscribers of a
// key are a linked list: the cost to join or to leave does not depend on the number of
// other subscribers.
type Directory[K comparable, T any] struct {
	mu     sync.Mutex // guards all below
	all    members[T] // all subscribers, for Close
	every  members[T] // the subscribers of all keys
	keyed  map[K]*members[T]
	closed bool
}

// members are the subscribers of one key, in the order in which they came.
type members[T any] struct {
	first, last *Member[T]
	n           int
	hubs        []*Hub[T] // the result of snapshot; nil: snapshot makes a new slice
}

// Member is the place of a subscriber in one of the lists of a Directory.
type Member[T any] struct {
	hub        *Hub[T]
	of         *members[T]
	prev, next *Member[T]
}

func (m *members[T]) add(one *Member[T], hub *Hub[T]) {
	*one = Member[T]{hub: hub, of: m, prev: m.last}
	if m.last == nil {
		m.first = one
	} else {
		m.last.next = one
	}
	m.last = one
	m.n++
	m.hubs = nil
}

func (m *members[T]) remove(one *Member[T]) {
	if one.prev == nil {
		m.first = one.next
	} else {
		one.prev.next = one.next
	}
	if one.next == nil {
		m.last = one.prev
	} else {
		one.next.prev = one.prev
	}
	m.n--
	m.hubs = nil
}

// snapshot returns the present subscribers. It makes the slice once after each change, so
// that its cost is at most the cost of the slice's use. The slice is never changed.
func (m *members[T]) snapshot() []*Hub[T] {
	if m == nil || m.n == 0 {
		return nil
	}
	if m.hubs == nil {
		m.hubs = make([]*Hub[T], 0, m.n)
		for one := m.first; one != nil; one = one.next {
			m.hubs = append(m.hubs, one.hub)
		}
	}
	return m.hubs
}

// Of returns the hubs that have subscribed to k, and the hubs that have subscribed to
// all keys. open is false after Close. The caller must not change the slices.
func (d *Directory[K, T]) Of(k K) (keyed, every []*Hub[T], open bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.keyed[k].snapshot(), d.every.snapshot(), !d.closed
}

// Enter subscribes hub to keys, or to every key. It returns the places of hub, for
// Leave: the place in the list of all subscribers, the place in the list of the
// subscribers of all keys, and then one place for each key. After Close it returns no
// places, and closes hub.
func (d *Directory[K, T]) Enter(keys []K, every bool, hub *Hub[T]) []Member[T] {
	places := make([]Member[T], 2+len(keys))
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		hub.Close(nil)
		return nil
	}
	d.all.add(&places[0], hub)
	if every {
		d.every.add(&places[1], hub)
	}
	if d.keyed == nil {
		d.keyed = map[K]*members[T]{}
	}
	for i, k := range keys {
		of := d.keyed[k]
		if of == nil {
			of = &members[T]{}
			d.keyed[k] = of
		}
		of.add(&places[2+i], hub)
	}
	return places
}

// Leave removes the places that Enter has returned for keys.
func (d *Directory[K, T]) Leave(keys []K, places []Member[T]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range places {
		if of := places[i].of; of != nil {
			of.remove(&places[i])
			if i >= 2 && of.n == 0 {
				delete(d.keyed, keys[i-2])
			}
		}
	}
}

// Close closes all hubs. Hubs that enter later are closed as well.
func (d *Directory[K, T]) Close() {
	d.mu.Lock()
	d.closed = true
	hubs := d.all.snapshot()
	d.mu.Unlock()
	for _, hub := range hubs {
		hub.Close(nil)
	}
}

// DistinctKeys returns keys without repetitions, and without keys that are not equal to
// themselves, such as NaN. Nothing can be published to such a key, and it could not be
// removed from a map.
func DistinctKeys[K comparable](keys []K) (distinct []K) {
	known := make(map[K]struct{}, len(keys))
	for _, k := range keys {
		if k != k { //nolint:gocritic,staticcheck // NaN
			continue
		}
		if _, twice := known[k]; !twice {
			known[k] = struct{}{}
			distinct = append(distinct, k)
		}
	}
	return distinct
}
