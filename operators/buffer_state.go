package operators

import "time"

// gathering is the slice under construction of an operator that has one at a
// time.
type gathering[T any] struct {
	items   []T
	most    int  // 0: no limit
	empties bool // an empty slice comes out, too

	extra   T // came when items were at their most: it is for the next slice
	isExtra bool
}

// add adds v.
func (g *gathering[T]) add(v T) {
	if g.full() {
		g.extra, g.isExtra = v, true
		return
	}
	g.items = append(g.items, v)
}

func (g *gathering[T]) full() bool { return g.most > 0 && len(g.items) >= g.most }

// flush emits a slice. false: downstream has refused.
func (g *gathering[T]) flush(emit func([]T) bool) bool {
	items := g.items
	g.items = nil
	if g.isExtra {
		var none T
		g.items = []T{g.extra}
		g.extra, g.isExtra = none, false
	}
	switch {
	case len(items) > 0:
		return emit(items)
	case g.empties:
		return emit([]T{})
	}
	return true
}

// rest emits all that is there, and never an empty slice. false: downstream has
// refused.
func (g *gathering[T]) rest(emit func([]T) bool) bool {
	for len(g.items) > 0 {
		if !g.flush(emit) {
			return false
		}
	}
	return true
}

// next returns the slice, and begins another one with v, so that v is kept while the
// slice is emitted.
func (g *gathering[T]) next(v T) (full []T) {
	full, g.items = g.items, []T{v}
	return full
}

// left takes all that is there.
func (g *gathering[T]) left() (items []T) {
	items, g.items = g.items, nil
	if g.isExtra {
		var none T
		items = append(items, g.extra)
		g.extra, g.isExtra = none, false
	}
	return items
}

// session is the slice under construction of a SessionWindow.
type session[T any] struct {
	gathering[T]
	gap     time.Duration
	longest time.Duration // 0: no limit
	quietAt time.Time     // when it has had nothing for gap
	lateAt  time.Time     // when it has been longest
}

// item adds v. full: the session is over.
func (s *session[T]) item(v T, at time.Time) (full bool) {
	if len(s.items) == 0 {
		s.lateAt = at.Add(s.longest)
	}
	s.add(v)
	s.quietAt = at.Add(s.gap)
	return s.full()
}

// deadline is when the session is over; ok is false where there is none.
func (s *session[T]) deadline() (at time.Time, ok bool) {
	at = s.quietAt
	if s.longest > 0 && s.lateAt.Before(at) {
		at = s.lateAt
	}
	return at, len(s.items) > 0
}

// due tells whether the session is over.
func (s *session[T]) due(now time.Time) bool {
	at, open := s.deadline()
	return open && !now.Before(at)
}

// sliding is the slice under construction of a SlidingWindow.
type sliding[T any] struct {
	size, step int
	skip       int // items until the next slice begins
	items      []T
	fresh      int64 // how many of items no slice has had
}

// item gives the slice that v has filled, or nil.
func (s *sliding[T]) item(v T) (full []T) {
	if s.skip > 0 {
		s.skip--
		return nil
	}
	if s.items == nil {
		s.items = make([]T, 0, min(s.size, mostReserved))
	}
	s.items = append(s.items, v)
	if s.fresh++; len(s.items) < s.size {
		return nil
	}
	full, s.items, s.fresh = s.items, nil, 0
	if s.step < s.size {
		s.items = append(make([]T, 0, min(s.size, mostReserved)), full[s.step:]...)
	} else {
		s.skip = s.step - s.size
	}
	return full
}

// left returns what no slice has had.
func (s *sliding[T]) left() []T { return s.items[len(s.items)-int(s.fresh):] }

// rest gives the shorter slice that is left, if no slice has had all of it.
func (s *sliding[T]) rest() []T {
	if s.fresh == 0 {
		return nil
	}
	s.fresh = 0
	return s.items
}
