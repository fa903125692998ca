// Package ring is a ring buffer that is addressed by absolute positions and
// grows to what is in use, so that a generous bound costs nothing until it is
// reached.
package ring

// Ring holds the items at the positions from lo up to hi, which its owner
// counts. The zero Ring is empty and ready.
type Ring[T any] struct {
	cells []T // a power of two
}

// first is the size of a ring that has held something.
const first = 8

// At is the cell of position i. It stays valid until the next Grow.
func (r *Ring[T]) At(i uint64) *T { return &r.cells[i&uint64(len(r.cells)-1)] }

// Grow makes room for position hi while those from lo on are in use.
func (r *Ring[T]) Grow(lo, hi uint64) {
	if hi-lo < uint64(len(r.cells)) {
		return
	}
	size := uint64(max(first, len(r.cells)))
	for size <= hi-lo {
		size <<= 1
	}
	cells := make([]T, size)
	for i := lo; i < hi; i++ {
		cells[i&(size-1)] = *r.At(i)
	}
	r.cells = cells
}

// Take gives what is at i and leaves the zero value there, so that the ring
// keeps nothing alive.
func (r *Ring[T]) Take(i uint64) (v T) {
	at := r.At(i)
	v, *at = *at, v
	return v
}
