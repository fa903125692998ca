package operators

import "time"

// circuit counts the failures of one Breaker. It is closed, open until a certain
// time, or, after that time, half-open: then it lets one run at a time through, as a
// trial.
type circuit struct {
	threshold int
	cooldown  time.Duration
	rate      failureRate // of all runs in a window; its zero value never trips

	epoch     uint64 // changes whenever the circuit opens or closes
	failures  int    // in a row, while it is closed
	successes uint64 // in all
	latest    uint64 // the number of the success after which the row began
	open      bool
	until     time.Time // when the next trial may begin, while it is open
	trial     bool      // a trial is running
}

// breakerRun is a run that was let in, with its reports so far. A run counts
// once: when it fails, the success that it reported before is taken back.
type breakerRun struct {
	epoch   uint64
	healthy bool   // it has reported a success
	number  uint64 // the number of that success
	before  uint64 // the number of the success before that
	row     int    // the failures in a row between the two
	slot    int64  // the slot of the window in which it was counted
}

// enter reports whether a run may begin at now. If it may not, wait is how long
// until a trial may begin, or 0 while a trial is running.
func (c *circuit) enter(now time.Time) (s breakerRun, wait time.Duration, ok bool) {
	switch {
	case !c.open:
		return breakerRun{epoch: c.epoch}, 0, true
	case now.Before(c.until):
		return breakerRun{}, c.until.Sub(now), false
	case c.trial:
		return breakerRun{}, 0, false
	}
	c.trial = true
	return breakerRun{epoch: c.epoch}, 0, true
}

// succeeds is called when a run has emitted its first item, or has completed. A run
// that began before the circuit last opened or closed does not count.
func (c *circuit) succeeds(s *breakerRun, now time.Time) {
	if s.epoch != c.epoch || s.healthy {
		return
	}
	if c.open { // s is the trial
		c.turn(false)
		s.epoch = c.epoch
	}
	c.successes++
	s.healthy, s.number, s.before, s.row = true, c.successes, c.latest, c.failures
	c.latest, c.failures = c.successes, 0
	s.slot = c.rate.count(now, 1, 0)
	c.trip(now)
}

// fails is called when a run has failed.
func (c *circuit) fails(s *breakerRun, now time.Time) {
	if s.epoch != c.epoch {
		return
	}
	if c.open { // s is the trial
		c.reopen(now)
		return
	}
	if s.healthy {
		if s.number == c.latest { // no other run has succeeded since: the row goes on
			c.latest, c.failures = s.before, c.failures+s.row
		}
		c.rate.takeBack(s.slot)
	}
	c.failures++
	c.rate.count(now, 0, 1)
	c.trip(now)
}

// leaves is called when a run has ended and reports nothing, or nothing more.
func (c *circuit) leaves(s *breakerRun) {
	if s.epoch == c.epoch && c.open {
		c.trial = false
	}
}

// trip opens the circuit if there are too many failures.
func (c *circuit) trip(now time.Time) {
	if c.failures >= c.threshold || c.rate.exceeded(now) {
		c.reopen(now)
	}
}

func (c *circuit) reopen(now time.Time) {
	c.turn(true)
	c.until = now.Add(c.cooldown)
}

// turn opens or closes the circuit, and counts from zero again.
func (c *circuit) turn(open bool) {
	c.open, c.trial, c.failures = open, false, 0
	c.epoch++
	c.rate.forget()
}

// rateSlots is the number of slots that the window of a failureRate is divided into.
const rateSlots = 10

// failureRate counts which share of the runs in a sliding window has failed. The
// window moves by one slot at a time, and its newest slot is not over yet. So the
// window is shorter than its nominal width, by at most one slot.
type failureRate struct {
	rate  float64 // the share of failures that is too much; 0: no limit
	width time.Duration
	least int

	begin   time.Time // of slot 0; zero before the first count
	tallies [rateSlots]slotCounts
}

// slotCounts is the count of one slot.
type slotCounts struct {
	slot     int64
	ok, fail int64
}

// newFailureRate returns a failureRate whose slots are at least a nanosecond long.
func newFailureRate(rate float64, window time.Duration, least int) failureRate {
	return failureRate{rate: rate, width: max(1, window/rateSlots), least: least}
}

// forget removes all counts.
func (f *failureRate) forget() { f.begin, f.tallies = time.Time{}, [rateSlots]slotCounts{} }

// at returns the number of the slot that contains now.
func (f *failureRate) at(now time.Time) int64 { return int64(now.Sub(f.begin) / f.width) }

// count adds runs that have succeeded or failed at now, and returns the slot that
// they are counted in.
func (f *failureRate) count(now time.Time, ok, fail int64) (slot int64) {
	if f.rate == 0 {
		return 0
	}
	if f.begin.IsZero() {
		f.begin = now
	}
	slot = f.at(now)
	t := &f.tallies[slot%rateSlots]
	if t.slot != slot {
		*t = slotCounts{slot: slot}
	}
	t.ok += ok
	t.fail += fail
	return slot
}

// takeBack undoes the count of a success, if its slot is still in the window.
func (f *failureRate) takeBack(slot int64) {
	if t := &f.tallies[slot%rateSlots]; t.slot == slot && t.ok > 0 {
		t.ok--
	}
}

// exceeded reports whether too many of the runs in the window have failed.
func (f *failureRate) exceeded(now time.Time) bool {
	if f.rate == 0 {
		return false
	}
	newest := f.at(now)
	var ok, fail int64
	for _, t := range f.tallies {
		if t.slot > newest-rateSlots {
			ok += t.ok
			fail += t.fail
		}
	}
	calls := ok + fail
	return fail > 0 && calls >= int64(f.least) && float64(fail) >= f.rate*float64(calls)
}
