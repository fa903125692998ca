package operators

import (
	"maps"
	"math"
	"slices"
)

// idSeries puts items into the order of their ids.
type idSeries[T any] struct {
	next    int  // the lowest id that was not emitted yet
	over    bool // no id is left: the greatest int was emitted
	most    int
	waiting map[int]T // the items whose turn has not come
}

// idPlace says what happens to an item.
type idPlace int

const (
	placeNow  idPlace = iota // it is the item's turn
	placeWait                // an id before it is missing
	placeLate                // its id has come before
	placeFull                // the item would have to wait, and too many items wait already
)

// put takes an item. After placeNow, take returns the items that have waited for
// this item.
func (s *idSeries[T]) put(id int, v T) idPlace {
	_, twice := s.waiting[id]
	switch {
	case s.over || id < s.next || twice:
		return placeLate
	case id == s.next:
		s.advance()
		return placeNow
	case len(s.waiting) == s.most:
		return placeFull
	}
	if s.waiting == nil {
		s.waiting = make(map[int]T)
	}
	s.waiting[id] = v
	return placeWait
}

// take returns the next item if it has arrived.
func (s *idSeries[T]) take() (v T, ok bool) {
	if v, ok = s.waiting[s.next]; ok {
		delete(s.waiting, s.next)
		s.advance()
	}
	return v, ok
}

// advance goes on to the next id. After the greatest int there is no next id: the
// least int, to which it would wrap, has come before.
func (s *idSeries[T]) advance() {
	if s.next == math.MaxInt {
		s.over = true
		return
	}
	s.next++
}

// left removes and returns the waiting items, in the order of their ids.
func (s *idSeries[T]) left() (items []T) {
	for _, id := range s.rest() {
		items = append(items, s.waiting[id])
	}
	s.waiting = nil
	return items
}

// rest returns the ids of the waiting items, in order.
func (s *idSeries[T]) rest() []int { return slices.Sorted(maps.Keys(s.waiting)) }
