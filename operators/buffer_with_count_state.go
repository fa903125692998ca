package operators

// openBuffers holds the slices of one BufferWithCount that are under construction. They
// overlap, so their items are kept once, as the oldest slice. The other slices begin
// in it, step items apart.
type openBuffers[T any] struct {
	n, step int
	skip    int // items until the next slice begins, in a gap
	items   []T
	held    int64 // how many of items were in no slice that was taken
}

// maxBufferCapacity limits the room that is allocated at once for a slice, which may never be
// full.
const maxBufferCapacity = 1024

// add adds v. It returns the slice that v fills, or nil. v fills at most one slice,
// since no two slices begin at the same item.
func (b *openBuffers[T]) add(v T) (full []T) {
	if b.skip > 0 {
		b.skip--
		return nil
	}
	if b.items == nil {
		b.items = make([]T, 0, min(b.n, maxBufferCapacity))
	}
	b.items = append(b.items, v)
	b.held++
	if len(b.items) < b.n {
		return nil
	}
	return b.take()
}

// none reports whether no slice is under construction.
func (b *openBuffers[T]) none() bool { return len(b.items) == 0 }

// left returns the items that were in no slice that was taken.
func (b *openBuffers[T]) left() []T { return b.items[len(b.items)-int(b.held):] }

// take removes and returns the oldest slice. It contains every item that the others
// have.
func (b *openBuffers[T]) take() []T {
	oldest := b.items
	b.items, b.held = nil, 0
	if b.step < len(oldest) {
		b.items = append(make([]T, 0, max(len(oldest)-b.step, min(b.n, maxBufferCapacity))), oldest[b.step:]...)
	} else {
		b.skip = b.step - len(oldest)
	}
	return oldest
}
