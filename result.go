package turbopipes

import (
	"context"
	"time"
)

// Infinite, as a count, is no limit. An operator that takes it says so.
const Infinite = -1

// Task is a function that may take its time and may fail.
type Task[R any] func(ctx context.Context) (R, error)

// Result is a value, or the error in its place.
type Result[T any] struct {
	Value T
	Err   error
}

// Pair is two values.
type Pair[A, B any] struct {
	First  A
	Second B
}

// Indexed is an item and its position in the stream, from 0.
type Indexed[T any] struct {
	Index int
	Value T
}

// Timestamped is an item and when it was received.
type Timestamped[T any] struct {
	Value T
	At    time.Time
}

// Elapsed is an item and the time since the one before it.
type Elapsed[T any] struct {
	Value T
	Since time.Duration
}

// TimeWindow is the items of a span of time: from Start on, and before End.
type TimeWindow[T any] struct {
	Start, End time.Time
	Items      []T
}

// Group is the stream of the items that have a key. It takes one subscriber, and
// items wait in its queue until that comes.
type Group[K comparable, T any] struct {
	Key   K
	Items Observable[T]
}

// LetGo gives up a group that nobody will read; see [Observable.LetGo].
func (g Group[K, T]) LetGo() { g.Items.LetGo() }

// Kind is the kind of a Notification.
type Kind int

// The kinds of a Notification.
const (
	KindNext Kind = iota
	KindError
	KindComplete
)

// String returns "next", "error" or "complete".
func (k Kind) String() string {
	switch k {
	case KindNext:
		return "next"
	case KindError:
		return "error"
	case KindComplete:
		return "complete"
	}
	return "invalid"
}

// Notification is what happens in a stream, as a value: an item, the error that
// it ended with, or its completion.
type Notification[T any] struct {
	Kind  Kind
	Value T
	Err   error
}

// Codec turns items into bytes, and bytes into items. operators.SpillToDisk takes one.
type Codec[T any] struct {
	// Encode turns an item into bytes. The slice is read before Encode is called again,
	// so Encode may return the same slice each time.
	Encode func(T) ([]byte, error)
	// Decode turns the bytes back into an item. It is called with a slice of its own
	// each time, and may keep it.
	Decode func([]byte) (T, error)
}
