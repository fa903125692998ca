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
const minCells = 8

// At is the cell of position i. It stays valid until the next Grow.
func (r *Ring[T]) At(i uint64) *T { return &r.cells[i&uint64(len(r.cells)-1)] }

// Grow makes room for position hi while those from lo on are in use.
func (r *Ring[T]) Grow(lo, hi uint64) { r.Fit(lo, lo, hi) }

// Fit is Grow where the positions below lent, down to lo, are still read by who
// holds a copy of the Ring: they keep their cells there, and are not moved.
func (r *Ring[T]) Fit(lo, lent, hi uint64) {
	if hi-lo < uint64(len(r.cells)) {
		return
	}
	size := uint64(max(minCells, len(r.cells)))
	for size <= hi-lo {
		size <<= 1
	}
	cells := make([]T, size)
	for i := max(lo, lent); i < hi; i++ {
		cells[i&(size-1)] = *r.At(i)
	}
	r.cells = cells
}

// Len is the number of cells.
func (r *Ring[T]) Len() uint64 { return uint64(len(r.cells)) }

// Take gives what is at i and leaves the zero value there, so that the ring
// keeps nothing alive.
func (r *Ring[T]) Take(i uint64) (v T) {
	at := r.At(i)
	v, *at = *at, v
	return v
}
