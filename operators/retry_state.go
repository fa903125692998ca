package operators

import "time"

// retry counts the attempts of one Retry.
type retry struct {
	retryOptions
	began   time.Time
	attempt int  // the last one that began, 0 for the first run
	fresh   bool // the run has emitted, and what it emits resets
}

// item is told that a run has emitted.
func (r *retry) item() {
	r.fresh = r.resetting
}

// failed is told that a run has failed, and tells how long to wait before the
// next, if there is to be one.
func (r *retry) failed(err error, now time.Time) (wait time.Duration, again bool) {
	if r.fresh {
		r.attempt, r.began, r.fresh = 0, now, false
	}
	if r.attempt == r.count || !r.when(err) {
		return 0, false
	}
	r.attempt++
	wait = max(0, jittered(r.backoff(r.attempt, err), r.jitter))
	if r.maxElapsed > 0 && now.Add(wait).Sub(r.began) > r.maxElapsed {
		return 0, false
	}
	r.tell(r.attempt, err, wait)
	return wait, true
}
