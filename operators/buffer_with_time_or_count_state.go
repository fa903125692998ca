package operators

import "time"

// timedBuffer is the slice that one BufferWithTimeOrCount gathers.
type timedBuffer[T any] struct {
	d     time.Duration
	n     int
	items []T
	until time.Time // when it must be out
}

// item adds v, and gives the slice if that fills it.
func (b *timedBuffer[T]) item(v T, at time.Time) (full []T) {
	if b.items == nil {
		b.items = make([]T, 0, min(b.n, mostReserved))
		b.until = at.Add(b.d)
	}
	if b.items = append(b.items, v); len(b.items) < b.n {
		return nil
	}
	return b.take()
}

// mostReserved is for how many items at most a slice has room from the start.
const mostReserved = 1024

// deadline is when due must be called; ok is false where it need not be.
func (b *timedBuffer[T]) deadline() (at time.Time, ok bool) { return b.until, b.items != nil }

// due gives the slice if its time has come.
func (b *timedBuffer[T]) due(now time.Time) []T {
	if b.items == nil || now.Before(b.until) {
		return nil
	}
	return b.take()
}

// take gives the slice as it is; nil where it is empty.
func (b *timedBuffer[T]) take() (items []T) {
	items, b.items = b.items, nil
	return items
}
