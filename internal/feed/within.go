package feed

import (
	"time"

	"github.com/turbopipes/turbopipes/internal/alarm"
)

// NextWithin is Next that returns Alarm when limit has passed. late reports that limit
// has passed, which may be so when an item has come, too. The time begins when the
// subscriber parks: before that, it has yielded a few times at most. So the clock is
// not read for an item that comes at once.
func (f *Intake[T]) NextWithin(clock *alarm.Alarm, limit time.Duration) (v T, got Got, late bool) {
	why, parks := f.glance()
	if !parks {
		v, got = f.outcome(why)
		return v, got, false
	}
	deadline := alarm.After(clock.Now(), limit)
	for {
		clock.Set(deadline, true)
		if parks {
			why = f.park(clock, false)
		}
		late = clock.Now() >= deadline
		if why != Rang || late {
			v, got = f.outcome(why)
			return v, got, late
		}
		why, parks = f.glance() // it has rung too early
	}
}
