package run

import "time"

// Reported tells whether FirstReport has been called for r, or for a subscription
// that it runs in.
func (r *Record) Reported() bool {
	for ; r != nil && r != none; r = r.parent {
		if r.reported.Load() {
			return true
		}
	}
	return false
}

// LimitOver notes that a wait which had a limit of its own is over now, up to the
// outermost subscription.
func (r *Record) LimitOver() {
	now := time.Now().UnixNano()
	for ; r != nil && r != none; r = r.parent {
		r.limitOver.Store(now)
	}
}

// SinceLimit is how long ago LimitOver was called; very long, if it was not.
func (r *Record) SinceLimit() time.Duration {
	return time.Since(time.Unix(0, r.limitOver.Load()))
}
