package operators

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/ring"
)

// recentKeys is the set of keys of a [Dedup]: the newest keys that are younger than
// ttl, at most capacity of them.
type recentKeys[K comparable] struct {
	capacity uint64
	ttl      time.Duration // 0: no key expires
	set      map[K]struct{}
	keys     ring.Ring[datedKey[K]] // the keys in set, the oldest at lo
	lo, hi   uint64
}

type datedKey[K comparable] struct {
	key K
	at  time.Duration
}

// isNew reports whether k is not remembered at now. If so, k is remembered from then
// on. now never goes back from one call to the next.
func (r *recentKeys[K]) isNew(k K, now time.Duration) bool {
	for r.ttl > 0 && r.lo < r.hi && now-r.keys.At(r.lo).at >= r.ttl {
		r.forget()
	}
	if _, known := r.set[k]; known {
		return false
	}
	if k != k { // a NaN is never found again, and could not be removed from set
		return true
	}
	if r.hi-r.lo == r.capacity {
		r.forget()
	}
	if r.set == nil {
		r.set = make(map[K]struct{})
	}
	r.set[k] = struct{}{}
	r.keys.Grow(r.lo, r.hi)
	*r.keys.At(r.hi) = datedKey[K]{k, now}
	r.hi++
	return true
}

// forget removes the oldest key.
func (r *recentKeys[K]) forget() {
	delete(r.set, r.keys.Take(r.lo).key)
	r.lo++
}
