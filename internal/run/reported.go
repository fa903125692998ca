package run

import "time"

// Reported reports whether FirstReport was called for r, or for a subscription that
// r runs in.
func (r *Record) Reported() bool {
	for ; r != nil && r != none; r = r.parent {
		if r.reported.Load() {
			return true
		}
	}
	return false
}

// LimitOver notes that a wait with its own limit has just ended, up to the outermost
// subscription.
func (r *Record) LimitOver() {
	now := time.Now().UnixNano()
	for ; r != nil && r != none; r = r.parent {
		r.limitOver.Store(now)
	}
}

// SinceLimit is the time since LimitOver was called; very long if it never was.
func (r *Record) SinceLimit() time.Duration {
	return time.Since(time.Unix(0, r.limitOver.Load()))
}
