package feed

import (
	"context"

	"github.com/turbopipes/turbopipes/internal/alarm"
	"github.com/turbopipes/turbopipes/internal/run"
	"github.com/turbopipes/turbopipes/internal/scope"
)

// Push runs a stream. It is Observable.Push as a value.
type Push[T any] = func(ctx context.Context, emit func(T) bool) error

// Intake is an upstream on its own goroutine, from which the subscriber takes one item
// at a time. Upstream waits with each item until the subscriber takes it.
type Intake[T any] struct {
	*Meet
	lane *Lane[T]
	v    T // accepted, and about to be taken
	full bool
}

// Got is the outcome of Next.
type Got int

// The outcomes.
const (
	Item      Got = iota // an item
	Completed            // upstream has completed
	Alarm                // the clock has rung; perhaps too early
	Ended                // upstream has failed, or ctx is done: Close reports which
)

// OpenIntake starts up. The caller must defer Close. hooks are those of the operator
// for lost items.
func OpenIntake[T any](ctx context.Context, name string, hooks run.Hooks[T], up Push[T]) *Intake[T] {
	return NewIntake(scope.Open(ctx, name), hooks, up)
}

// NewIntake is OpenIntake on a Scope that is already open.
func NewIntake[T any](s *scope.Scope, hooks run.Hooks[T], up Push[T]) *Intake[T] {
	f := LayIntake(s, hooks)
	f.lane.Start(up)
	return f
}

// LayIntake is NewIntake for an operator that starts upstream itself. Upstream calls
// Hand with each item, and End at the end.
func LayIntake[T any](s *scope.Scope, hooks run.Hooks[T]) *Intake[T] {
	f := &Intake[T]{Meet: NewMeet(s)}
	f.lane = Lay(f.Meet, hooks, 0, f.accept)
	return f
}

// Hand is the emit of upstream. See [Lane.Hand].
func (f *Intake[T]) Hand(v T) bool { return f.lane.Hand(v) }

// End notes the end of upstream. See [Lane.End].
func (f *Intake[T]) End(err error) { f.lane.End(err) }

func (f *Intake[T]) accept(v T) (due bool) {
	f.v, f.full = v, true
	return true
}

// Next waits for the next item. clock may be nil.
func (f *Intake[T]) Next(clock *alarm.Alarm) (v T, got Got) {
	return f.outcome(f.Await(clock))
}

// outcome returns the outcome of Next after a wait that has ended with why.
func (f *Intake[T]) outcome(why Why) (v T, got Got) {
	switch why {
	case Due:
		return f.take()
	case Rang:
		return v, Alarm
	default:
		return v, Ended
	}
}

// Poll is Next for an item that is already there. ok is false if there is none, and
// upstream goes on.
func (f *Intake[T]) Poll() (v T, got Got, ok bool) {
	due, over := f.Meet.Poll()
	switch {
	case due:
		v, got = f.take()
		return v, got, true
	case over:
		return v, Ended, true
	}
	return v, got, false
}

// take takes what has become due.
func (f *Intake[T]) take() (v T, got Got) {
	if !f.full {
		return v, Completed
	}
	v, f.v, f.full = f.v, v, false
	return v, Item
}
