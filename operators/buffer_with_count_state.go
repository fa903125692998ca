package operators

import "slices"

// buffers are the slices of one BufferWithCount that are under construction.
type buffers[T any] struct {
	n, step int
	skip    int   // items until the next slice begins
	open    [][]T // the oldest, which is the longest, first
	held    int64 // items in open that no slice that was taken has in it
}

// capacity bounds what is allocated for a slice that may never be full.
const capacity = 1024

// add gives the slice that v has filled, or nil. There is one at most, since no
// two slices begin at the same item.
func (b *buffers[T]) add(v T) (full []T) {
	if b.skip == 0 {
		b.open = append(b.open, make([]T, 0, min(b.n, capacity)))
		b.skip = b.step
	}
	b.skip--
	if len(b.open) == 0 {
		return nil // a gap
	}
	b.held++
	for i, s := range b.open {
		b.open[i] = append(s, v)
	}
	if len(b.open[0]) < b.n {
		return nil
	}
	return b.take()
}

// take gives the oldest slice. It has every item in it that the others have.
func (b *buffers[T]) take() []T {
	oldest := b.open[0]
	b.open = slices.Delete(b.open, 0, 1)
	b.held = 0
	return oldest
}
