// Package alarm is a timer for loops whose deadline moves with every item.
package alarm

import "time"

// Alarm rings on C at its deadline, or earlier: who hears it looks at the clock
// and sets it again. So a deadline that moves later, as a debounce's does with
// every item, costs no timer operation.
type Alarm struct {
	C       <-chan time.Time
	timer   *time.Timer
	ringsAt time.Time // when it will ring; zero: never
}

// New makes an Alarm without a deadline. The caller must defer Stop.
func New() *Alarm {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &Alarm{C: t.C, timer: t}
}

// Set moves the deadline to at; ok false takes it away.
func (a *Alarm) Set(at time.Time, ok bool) {
	if !ok || !a.ringsAt.IsZero() && !at.Before(a.ringsAt) {
		return // it rings too early, or for nothing: then it is set again, or not
	}
	a.ringsAt = at
	a.timer.Reset(time.Until(at))
}

// Heard must be called when C was received from.
func (a *Alarm) Heard() { a.ringsAt = time.Time{} }

// Stop releases the timer.
func (a *Alarm) Stop() { a.timer.Stop() }
