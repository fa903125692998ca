package run

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
