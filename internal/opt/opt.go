// Package opt holds what options set. The option types of several packages
// implement each other's sealed interfaces through it, since a method whose
// parameter type lives here can't be called from outside the module.
package opt

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/handoff"
)

// Queue is what the options of a bounded queue set.
type Queue struct {
	Size     int
	Overflow handoff.Overflow
	Discard  func(item any)

	Bad string // the first bad argument of an option
}

// Loss is what the options of operators set that have no others.
type Loss struct{ Discard func(item any) }

// Window is what the options of windows set.
type Window struct {
	Queue        // Size 0: not given
	Step    int  // 0: not given
	Empties bool // windows without an item, too
}

// Group is what the options of groups set.
type Group struct {
	Queue
	MaxGroups int           // 0: no limit
	Idle      time.Duration // 0: never
}

// Backpressure is what the options of the backpressure operators set.
type Backpressure[T any] struct {
	Drop     func(T)
	MaxKeys  int         // 0: no limit
	MaxBytes int64       // 0: no limit
	Priority func(T) int // nil: all are equal

	Given []string // the names of the options that only some operators take
	Bad   string   // the first bad argument of an option
}

// Parallel is what the options of the Parallel group set.
type Parallel struct {
	Ordered   bool
	Ahead     int
	Policy    int // an operators.Policy
	MaxErrors int // 0: no limit
	Discard   func(item any)

	Bad string // the first bad argument of an option
}

// Inner is what the options of operators with inner streams set.
type Inner struct {
	Loss
	StopInner bool // a graceful stop reaches them
}

// Expand is what the options of Expand set.
type Expand struct {
	Inner
	MaxPending int
	Bad        string // why an option is refused
}

// DelayWhen is what the options of DelayWhen set.
type DelayWhen struct {
	Queue
	StopInner bool
}

// FlatMap is what the options of FlatMap and Flatten set.
type FlatMap struct {
	Inner
	Ahead int

	Bad string // the first bad argument of an option
}

// Note keeps the first of several complaints.
func Note(bad *string, why string) {
	if *bad == "" {
		*bad = why
	}
}
