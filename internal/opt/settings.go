package opt

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes/internal/handoff"
)

// Loss has the setting of [turbopipes.OnDiscard].
type Loss struct{ Discard func(item any) }

// Queue has the settings of a bounded queue.
type Queue struct {
	Loss
	Size     int
	Overflow handoff.Overflow
}

// Settings has the settings of the options that do not know the item's type. An operator
// reads the fields that its family can set. If a field has no comment, its zero value is
// the default.
type Settings struct {
	Queue

	// of replays and of shared streams
	TTL            time.Duration // 0: no limit
	MinSubscribers int
	Grace          time.Duration
	Connected      context.Context //nolint:containedctx // the owner of the connection; nil: the subscribers

	// of tasks and inner streams
	Ahead     int
	Policy    int // an operators.Policy
	MaxErrors int // 0: no limit

	// of operators that collect items
	Capacity    int
	Step        int           // 0: the size of the slice
	MaxItems    int           // 0: the operator's own limit
	MaxDuration time.Duration // 0: no limit
	MaxPending  int

	// of groups and keys
	MaxGroups int           // 0: no limit
	Idle      time.Duration // 0: no limit
	MaxKeys   int           // 0: no limit

	// of operators that choose items by the time
	Edge    int           // an operators.Edge; 0: the operator's own
	MaxWait time.Duration // 0: no limit

	// flags, each named after its option
	KeepOnComplete, KeepOnError, Ordered, StopInner bool
	FlushOnError, Empties, Partial, SkipGaps        bool
	EmitLast, Closed                                bool
}

// Typed has the settings of the options that know the item's type, T.
type Typed[T any] struct {
	Drop func(v T)

	// of the backpressure operators
	MaxKeys  int           // 0: no limit
	MaxBytes int64         // 0: no limit
	Priority func(v T) int // nil: all items are equal

	// of Timeout
	Scope    int                                                      // an operators.TimeoutScope
	Fallback func(ctx context.Context, emit func(v T) bool) (e error) // nil: Timeout fails

	// of RateLimit
	Burst int
	Cost  func(v T) int // nil: 1

	// of Intersperse
	Start, End T
	HasEnds    bool

	// of EventTimeWindow
	Slide, Lag time.Duration
	MaxAhead   time.Duration // 0: no limit
	MaxOpen    int
	Late       func(v T)
}
