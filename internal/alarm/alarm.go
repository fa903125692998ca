// Package alarm is a timer for loops whose deadline moves with every item.
package alarm

import "time"

// Alarm rings on C at its deadline, or earlier. The receiver then looks at the clock
// and sets the Alarm again. So a deadline that moves later, as Debounce's does with
// every item, costs no timer operation.
type Alarm struct {
	C       <-chan time.Time
	timer   *time.Timer
	ringsAt time.Time // when it will ring; zero: never
}

// New returns an Alarm without a deadline. The caller must defer Stop.
func New() *Alarm {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &Alarm{C: t.C, timer: t}
}

// Set moves the deadline to at. If ok is false, it removes the deadline.
func (a *Alarm) Set(at time.Time, ok bool) {
	if !ok || !a.ringsAt.IsZero() && !at.Before(a.ringsAt) {
		return // it rings too early or for nothing; then the receiver sets it again, or not
	}
	a.ringsAt = at
	a.timer.Reset(time.Until(at))
}

// Heard must be called after a receive from C.
func (a *Alarm) Heard() { a.ringsAt = time.Time{} }

// Stop releases the timer.
func (a *Alarm) Stop() { a.timer.Stop() }
