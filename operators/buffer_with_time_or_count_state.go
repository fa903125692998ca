package operators

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/alarm"
)

// timedBuffer is the slice that one BufferWithTimeOrCount collects.
type timedBuffer[T any] struct {
	d     time.Duration
	n     int
	items []T
	until time.Duration // when items must be emitted
}

// item adds v. It returns the slice if v fills it, else nil.
func (b *timedBuffer[T]) item(v T, at time.Duration) (full []T) {
	if b.items == nil {
		b.items = make([]T, 0, min(b.n, maxTimedCapacity))
		b.until = alarm.After(at, b.d)
	}
	if b.items = append(b.items, v); len(b.items) < b.n {
		return nil
	}
	return b.take()
}

// maxTimedCapacity limits the room that is allocated at once for a slice.
const maxTimedCapacity = 1024

// deadline returns when due must be called; ok is false when there is no need.
func (b *timedBuffer[T]) deadline() (at time.Duration, ok bool) { return b.until, b.items != nil }

// due returns the slice if its time has come, else nil.
func (b *timedBuffer[T]) due(now time.Duration) []T {
	if b.items == nil || now < b.until {
		return nil
	}
	return b.take()
}

// take removes and returns the slice; it returns nil if the slice is empty.
func (b *timedBuffer[T]) take() (items []T) {
	items, b.items = b.items, nil
	return items
}
