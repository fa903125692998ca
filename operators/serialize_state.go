package operators

import (
	"maps"
	"math"
	"slices"
)

// series puts items into the order of their ids.
type series[T any] struct {
	next    int  // the lowest id that has not come out
	over    bool // there is none: the greatest int has come out
	most    int
	waiting map[int]T // those whose turn has not come
}

// place is what becomes of an item.
type place int

const (
	placeNow  place = iota // it is its turn
	placeWait              // an id before it is missing
	placeLate              // its id has come before
	placeFull              // it would have to wait, and too many do
)

// put takes an item. After placeNow, take returns those that have waited for it.
func (s *series[T]) put(id int, v T) place {
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

// take gives the next item if it has come.
func (s *series[T]) take() (v T, ok bool) {
	if v, ok = s.waiting[s.next]; ok {
		delete(s.waiting, s.next)
		s.advance()
	}
	return v, ok
}

// advance goes on to the next id. After the greatest int there is none: the least
// one, which comes when an int wraps, has been before.
func (s *series[T]) advance() {
	if s.next == math.MaxInt {
		s.over = true
		return
	}
	s.next++
}

// left takes out what waits, in the order of the ids.
func (s *series[T]) left() (items []T) {
	for _, id := range s.rest() {
		items = append(items, s.waiting[id])
	}
	s.waiting = nil
	return items
}

// rest gives the ids that wait, in their order.
func (s *series[T]) rest() []int { return slices.Sorted(maps.Keys(s.waiting)) }
