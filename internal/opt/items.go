package opt

import "time"

// Buffer is what the options of operators that make slices set.
type Buffer struct {
	Loss
	Step         int // WithStep; 0: not given
	MaxItems     int // WithMaxItems; 0: not given
	MaxDuration  time.Duration
	FlushOnError bool
	Empties      bool
	Partial      bool

	Bad string // the last bad argument of an option
}

// Gather is what the options of operators set that collect a whole stream.
type Gather struct {
	Loss
	Capacity int
	MaxItems int // 0: no limit

	Bad string // the first bad argument of an option
}

// EventTime is what the options of EventTimeWindow set.
type EventTime struct {
	Loss
	Size, Slide, Lag time.Duration
	MaxAhead         time.Duration // 0: no limit
	MaxOpen          int
	Late             func(item any)

	Bad string // the last bad argument of an option
}

// Serialize is what the options of Serialize set.
type Serialize struct {
	Loss
	MaxPending int
	SkipGaps   bool

	Bad string // the last bad argument of an option
}

// Debounce is what the options of Debounce set.
type Debounce struct {
	Loss
	Quiet   time.Duration
	MaxWait time.Duration // 0: no limit
	Leading bool

	Bad string // the last bad argument of an option
}

// Throttle is what the options of Throttle set.
type Throttle struct {
	Loss
	D        time.Duration
	Leading  bool // the item that opens a window is emitted at once
	Trailing bool // the newest of those that are not is emitted at the window's end
	Reopens  bool // which opens another window
	Both     int  // 1: Trailing was given, 2: TrailingOnly was, 3: both
}

// Sample is what the options of Sample set.
type Sample struct {
	Loss
	EmitLast bool
}

// Rate is what the options of RateLimit set.
type Rate struct {
	Loss
	Burst int
	Cost  any // a func(T) int of the items' type

	Bad string // the last bad argument of an option
}

// Timeout is what the options of Timeout set.
type Timeout struct {
	Loss
	D         time.Duration
	FirstOnly bool
	Total     bool
	Fallback  any // an Observable of the items' type
	Text      string
}

// Distinct is what the options of Distinct set.
type Distinct struct {
	Loss
	MaxKeys int // 0: no limit

	Bad string // the last bad argument of an option
}

// Intersperse is what the options of Intersperse set.
type Intersperse struct {
	Loss
	Ends any    // of the operator's own type; nil: none
	Of   string // the name of the items' type that they have
}
