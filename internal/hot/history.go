package hot

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/ring"
)

// History is the newest items, for subscribers to come. A nil History is empty.
type History[T any] struct {
	N    int
	TTL  time.Duration // older items are forgotten; 0: never
	Late bool          // also for who comes after the end

	ring   ring.Ring[dated[T]]
	lo, hi uint64
}

type dated[T any] struct {
	v  T
	at time.Time // set where there is a TTL
}

func (h *History[T]) add(v T) {
	if h == nil {
		return
	}
	d := dated[T]{v: v}
	if h.TTL > 0 {
		d.at = time.Now()
		h.expire(d.at)
	}
	if h.hi-h.lo == uint64(h.N) { //nolint:gosec // at least 1
		h.ring.Take(h.lo)
		h.lo++
	}
	h.ring.Grow(h.lo, h.hi)
	*h.ring.At(h.hi) = d
	h.hi++
}

// expire forgets what is older than TTL.
func (h *History[T]) expire(now time.Time) {
	for h.lo < h.hi && now.Sub(h.ring.At(h.lo).at) > h.TTL {
		h.ring.Take(h.lo)
		h.lo++
	}
}

func (h *History[T]) snapshot(closed bool) []T {
	if h == nil || closed && !h.Late {
		return nil
	}
	if h.TTL > 0 {
		h.expire(time.Now())
	}
	items := make([]T, 0, h.hi-h.lo)
	for i := h.lo; i < h.hi; i++ {
		items = append(items, h.ring.At(i).v)
	}
	return items
}

// newest is the zero value where there is none.
func (h *History[T]) newest() (v T) {
	if h.hi > h.lo {
		v = h.ring.At(h.hi - 1).v
	}
	return v
}

// Seed makes a History with a first item.
func (h *History[T]) Seed(v T) *History[T] {
	h.add(v)
	return h
}
