// Package alarm is a timer for loops whose deadline moves with every item.
package alarm

import (
	"math"
	"time"
)

// Alarm is a clock, and rings on C at its deadline, or earlier. The receiver then
// looks at the clock and sets the Alarm again. So a deadline that moves later, as
// Debounce's does with every item, costs no timer operation.
//
// Its times are counted from New. Reading them costs half of what time.Now costs,
// because the wall clock is not read.
type Alarm struct {
	C       <-chan time.Time
	timer   *time.Timer
	begin   time.Time
	ringsAt time.Duration // when it will ring; negative: never
}

const never time.Duration = -1

// New returns an Alarm without a deadline. The caller must defer Stop.
func New() *Alarm {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &Alarm{C: t.C, timer: t, begin: time.Now(), ringsAt: never}
}

// Now returns the time since New. Unlike the other methods, it may be called at any
// time by any goroutine.
func (a *Alarm) Now() time.Duration { return time.Since(a.begin) }

// Set moves the deadline to at. If ok is false, it removes the deadline.
func (a *Alarm) Set(at time.Duration, ok bool) {
	if !ok || a.ringsAt != never && a.ringsAt <= at {
		return // it rings too early or for nothing; then the receiver sets it again, or not
	}
	a.ringsAt = at
	a.timer.Reset(at - a.Now())
}

// SetEarly is Set for a receiver that reads the clock for each event only if at is
// near. It reports whether at is near: that is, whether at most lead is left. If not,
// the Alarm rings when it is near. So no event at the time at, or later, is missed
// unless the receiver is woken later than lead. In virtual time, that can't be.
func (a *Alarm) SetEarly(at, lead time.Duration, ok bool) (near bool) {
	if !ok {
		return false
	}
	if near = a.Now() >= at-lead; !near {
		at -= lead
	}
	a.Set(at, true)
	return near
}

// Lead returns the lead of SetEarly for deadlines that are span away.
func Lead(span time.Duration) time.Duration {
	return max(1, min(span/8, time.Millisecond))
}

// Heard must be called after a receive from C.
func (a *Alarm) Heard() { a.ringsAt = never }

// Stop releases the timer.
func (a *Alarm) Stop() { a.timer.Stop() }

// After returns at+d. If that is too far away to be counted, it returns the last time
// that can be.
func After(at, d time.Duration) time.Duration {
	if d > math.MaxInt64-at {
		return math.MaxInt64
	}
	return at + d
}
