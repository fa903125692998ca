package operators

import (
	"math"
	"time"

	"github.com/turbopipes/turbopipes/internal/ring"
)

// joinProgress is how far one side of a Join has come.
type joinProgress struct {
	newest time.Time
	last   time.Time // of a partner of the newest item
	has    bool      // newest is set
	ended  bool
}

// held reports whether the side must wait for the other side.
func (p *joinProgress) held(other *joinProgress) bool {
	switch {
	case p.ended:
		return true // there is nothing to receive
	case !p.has || other.ended:
		return false
	}
	return !other.has || p.newest.After(other.last)
}

// joinSide is one side of a Join, with the items that it remembers.
type joinSide[T any] struct {
	joinProgress
	at     func(v T) time.Time
	items  ring.Ring[joinedItem[T]]
	lo, hi uint64
}

type joinedItem[T any] struct {
	v      T
	at     time.Time
	paired bool
}

// useless reports whether no further pair can need the side.
func (j *joinSide[T]) useless() bool { return j.ended && j.lo == j.hi }

// forget removes the items of a time before first.
func (j *joinSide[T]) forget(first time.Time) {
	for j.lo < j.hi && j.items.At(j.lo).at.Before(first) {
		j.items.Take(j.lo)
		j.lo++
	}
}

func (j *joinSide[T]) remember(item joinedItem[T]) {
	j.items.Grow(j.lo, j.hi)
	*j.items.At(j.hi) = item
	j.hi++
}

// left returns the items that have had no partner.
func (j *joinSide[T]) left() (items []T) {
	for i := j.lo; i < j.hi; i++ {
		if at := j.items.At(i); !at.paired {
			items = append(items, at.v)
		}
	}
	return items
}

// matchPairs handles an item that was received on one side, and delivers its pairs. It
// returns false when deliver has refused a pair.
func matchPairs[X, Y any](own *joinSide[X], other *joinSide[Y], v X, more bool, window time.Duration, deliver func(X, Y) bool) bool {
	if !more {
		own.ended = true
		return true
	}
	item := joinedItem[X]{v: v, at: own.at(v)}
	first, last := partnersOf(item.at, window)
	if !own.has || item.at.After(own.newest) {
		own.newest, own.last, own.has = item.at, last, true
		other.forget(first)
	}
	for i := other.lo; i < other.hi; i++ {
		partner := other.items.At(i)
		if partner.at.Before(first) || partner.at.After(last) {
			continue
		}
		item.paired, partner.paired = true, true
		if !deliver(v, partner.v) {
			return false
		}
	}
	if !other.ended && !(other.has && other.newest.After(last)) {
		own.remember(item)
	}
	return true
}

// partnersOf returns the first and the last time of partners of an item at at. The longest
// window has no end. To compare with these times costs less than Time.Sub.
func partnersOf(at time.Time, window time.Duration) (first, last time.Time) {
	if window == math.MaxInt64 {
		return time.Unix(-1<<60, 0), time.Unix(1<<60, 0)
	}
	return at.Add(-window), at.Add(window)
}
