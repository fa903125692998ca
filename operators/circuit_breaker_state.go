package operators

import "time"

// circuit counts the failures of one Breaker. It is closed, open until a moment,
// or, behind that, half-open: then one run at a time is a trial.
type circuit struct {
	threshold int
	cooldown  time.Duration

	epoch    uint64 // changes whenever the circuit opens or closes
	failures int    // in a row, while it is closed
	open     bool
	until    time.Time // when the next trial may begin, while it is open
	trial    bool      // one runs
}

// verdict is what a run says about what it has called.
type verdict int

const (
	saysNothing verdict = iota // it was cancelled, or cut short by a panic of downstream
	saysSuccess
	saysFailure
)

// enter asks whether a run may begin at now. epoch is for its exit; wait is how
// long until a trial may begin, 0 while one runs.
func (c *circuit) enter(now time.Time) (epoch uint64, wait time.Duration, ok bool) {
	switch {
	case !c.open:
		return c.epoch, 0, true
	case now.Before(c.until):
		return 0, c.until.Sub(now), false
	case c.trial:
		return 0, 0, false
	}
	c.trial = true
	return c.epoch, 0, true
}

// exit is told how the run that has entered in epoch went. What began before the
// circuit last opened or closed is old news.
func (c *circuit) exit(epoch uint64, v verdict, now time.Time) {
	if epoch != c.epoch {
		return
	}
	c.trial = false
	switch v {
	case saysSuccess:
		c.failures = 0
		if c.open {
			c.turn(false)
		}
	case saysFailure:
		c.failures++
		if c.open || c.failures >= c.threshold {
			c.turn(true)
			c.until = now.Add(c.cooldown)
		}
	}
}

func (c *circuit) turn(open bool) {
	c.open = open
	c.epoch++
}
