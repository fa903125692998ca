package hot

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/ring"
)

// History holds the newest items for later subscribers. A nil History is empty.
type History[T any] struct {
	N    int
	TTL  time.Duration // older items are forgotten; 0: never
	Late bool          // also for subscribers that come after the end

	ring        ring.Ring[dated[T]]
	oldest, end uint64
}

type dated[T any] struct {
	item T
	time time.Time // set if there is a TTL
}

func (h *History[T]) add(v T) {
	if h == nil {
		return
	}
	d := dated[T]{item: v}
	if h.TTL > 0 {
		d.time = time.Now()
		h.expire(d.time)
	}
	if h.end-h.oldest == uint64(h.N) { //nolint:gosec // at least 1
		h.ring.Take(h.oldest)
		h.oldest++
	}
	h.ring.Grow(h.oldest, h.end)
	*h.ring.At(h.end) = d
	h.end++
}

// expire forgets the items that are older than TTL.
func (h *History[T]) expire(now time.Time) {
	for h.oldest < h.end && now.Sub(h.ring.At(h.oldest).time) > h.TTL {
		h.ring.Take(h.oldest)
		h.oldest++
	}
}

func (h *History[T]) snapshot(closed bool) []T {
	if h == nil || closed && !h.Late {
		return nil
	}
	if h.TTL > 0 {
		h.expire(time.Now())
	}
	items := make([]T, 0, h.end-h.oldest)
	for i := h.oldest; i < h.end; i++ {
		items = append(items, h.ring.At(i).item)
	}
	return items
}

// newest is the newest item, or the zero value.
func (h *History[T]) newest() (v T) {
	if h.end > h.oldest {
		v = h.ring.At(h.end - 1).item
	}
	return v
}

// Seed adds a first item to a new History.
func (h *History[T]) Seed(v T) *History[T] {
	h.add(v)
	return h
}
