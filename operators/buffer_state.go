package operators

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/alarm"
)

// openSlice is the slice under construction of an operator that builds one slice at
// a time.
type openSlice[T any] struct {
	items   []T
	most    int  // 0: no limit
	empties bool // empty slices are emitted too
	room    int  // for the next slice: slices are often as long as the one before

	extra   T // came when items was full; it begins the next slice
	isExtra bool
}

// add adds v.
func (g *openSlice[T]) add(v T) {
	if g.full() {
		g.extra, g.isExtra = v, true
		return
	}
	if g.items == nil {
		g.items = make([]T, 0, g.room)
	}
	g.items = append(g.items, v)
}

// begin begins the next slice with v.
func (g *openSlice[T]) begin(v T) {
	g.room = min(len(g.items), maxTimedCapacity)
	g.items = append(make([]T, 0, max(g.room, 1)), v)
}

func (g *openSlice[T]) full() bool { return g.most > 0 && len(g.items) >= g.most }

// cut returns the slice, and begins the next one. It returns nil if no slice is to be
// emitted.
func (g *openSlice[T]) cut() (items []T) {
	items = g.items
	if g.isExtra {
		var none T
		g.begin(g.extra)
		g.extra, g.isExtra = none, false
	} else {
		g.room, g.items = min(len(items), maxTimedCapacity), nil
	}
	if items == nil && g.empties {
		return []T{}
	}
	return items
}

// flush emits the slice. It returns false when downstream has refused it.
func (g *openSlice[T]) flush(emit func([]T) bool) bool {
	items := g.cut()
	return items == nil || emit(items)
}

// rest emits all items that are left, and never an empty slice. It returns false
// when downstream has refused a slice.
func (g *openSlice[T]) rest(emit func([]T) bool) bool {
	for len(g.items) > 0 {
		if !g.flush(emit) {
			return false
		}
	}
	return true
}

// next returns the slice, and begins a new one with v. So v is kept while the
// returned slice is emitted.
func (g *openSlice[T]) next(v T) (full []T) {
	full = g.items
	g.begin(v)
	return full
}

// left removes and returns all items.
func (g *openSlice[T]) left() (items []T) {
	items, g.items = g.items, nil
	if g.isExtra {
		var none T
		items = append(items, g.extra)
		g.extra, g.isExtra = none, false
	}
	return items
}

// sessionSlice is the slice under construction of a SessionWindow.
type sessionSlice[T any] struct {
	openSlice[T]
	gap     time.Duration
	longest time.Duration // 0: no limit
	quietAt time.Duration // when gap will have passed without an item
	lateAt  time.Duration // when longest will have passed since the first item
}

// item adds v. It reports whether the session is over, because it is full.
func (s *sessionSlice[T]) item(v T, at time.Duration) (full bool) {
	if len(s.items) == 0 {
		s.lateAt = alarm.After(at, s.longest)
	}
	s.add(v)
	s.quietAt = alarm.After(at, s.gap)
	return s.full()
}

// deadline returns when the session is over; ok is false when there is no session.
func (s *sessionSlice[T]) deadline() (at time.Duration, ok bool) {
	at = s.quietAt
	if s.longest > 0 && s.lateAt < at {
		at = s.lateAt
	}
	return at, len(s.items) > 0
}

// due reports whether the session is over.
func (s *sessionSlice[T]) due(now time.Duration) bool {
	at, open := s.deadline()
	return open && now >= at
}

// slidingSlice is the slice under construction of a SlidingWindow.
type slidingSlice[T any] struct {
	size, step int
	skip       int // items until the next slice begins
	items      []T
	fresh      int64 // how many of items were in no slice yet
}

// item adds v. It returns the slice that v fills, or nil.
func (s *slidingSlice[T]) item(v T) (full []T) {
	if s.skip > 0 {
		s.skip--
		return nil
	}
	if s.items == nil {
		s.items = make([]T, 0, min(s.size, maxTimedCapacity))
	}
	s.items = append(s.items, v)
	if s.fresh++; len(s.items) < s.size {
		return nil
	}
	full, s.items, s.fresh = s.items, nil, 0
	if s.step < s.size {
		s.items = append(make([]T, 0, min(s.size, maxTimedCapacity)), full[s.step:]...)
	} else {
		s.skip = s.step - s.size
	}
	return full
}

// left returns the items that were in no slice yet.
func (s *slidingSlice[T]) left() []T { return s.items[len(s.items)-int(s.fresh):] }

// rest returns the last, shorter slice, or nil if all its items were in a slice
// already.
func (s *slidingSlice[T]) rest() []T {
	if s.fresh == 0 {
		return nil
	}
	s.fresh = 0
	return s.items
}
