package run

import "sync"

// Refused keeps the items that an operator has refused on the goroutines of its
// upstreams. They are reported on the subscriber's goroutine, after everything is
// reaped. Each upstream has at most one.
type Refused[T any] struct {
	mu    sync.Mutex // guards items
	items []T
}

// Keep keeps v. It returns false, for an emit to return.
func (r *Refused[T]) Keep(v T) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.items = append(r.items, v)
	return false
}

// Take returns the items. It is called after all upstreams have ended.
func (r *Refused[T]) Take() []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	items := r.items
	r.items = nil
	return items
}
