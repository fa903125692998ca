package operators

import (
	"maps"
	"slices"
)

// series puts items into the order of their ids.
type series[T any] struct {
	next    int // the lowest id that has not come out
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

// put is told of an item. Behind placeNow, take gives those that it was waited
// for by.
func (s *series[T]) put(id int, v T) place {
	_, twice := s.waiting[id]
	switch {
	case id == s.next:
		s.next++
		return placeNow
	case id < s.next || twice:
		return placeLate
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
		s.next++
	}
	return v, ok
}

// rest gives the ids that wait, in their order.
func (s *series[T]) rest() []int { return slices.Sorted(maps.Keys(s.waiting)) }
