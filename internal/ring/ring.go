// Package ring is a ring buffer that is addressed by absolute positions. It grows
// with its use, so a large bound costs nothing until it is reached.
package ring

// Ring holds the items at the positions from lo up to hi, which its owner counts.
// The zero Ring is empty and ready to use.
type Ring[T any] struct {
	cells []T // the length is a power of two
}

// minCells is the size of a ring that has held an item.
const minCells = 8

// At returns the cell of position i. The cell stays valid until the next Grow.
func (r *Ring[T]) At(i uint64) *T { return &r.cells[i&uint64(len(r.cells)-1)] }

// Grow makes room for position hi while the positions from lo on are in use.
func (r *Ring[T]) Grow(lo, hi uint64) { r.Fit(lo, lo, hi) }

// Fit is Grow for a Ring of which somebody still reads a copy. The copy is read at
// the positions from lo up to lent: their items stay in the old cells, and are not
// moved.
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

// Take returns the item at i and leaves the zero value there, so that the ring keeps
// nothing alive.
func (r *Ring[T]) Take(i uint64) (v T) {
	at := r.At(i)
	v, *at = *at, v
	return v
}
