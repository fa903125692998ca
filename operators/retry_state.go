package operators

import "time"

// retry counts the attempts of one Retry.
type retry struct {
	retryOptions
	began   time.Time
	attempt int  // the last attempt that began; 0 for the first run
	fresh   bool // the run has emitted, and an item resets the count
}

// item notes that the run has emitted.
func (r *retry) item() {
	r.fresh = r.resetting
}

// failed notes that a run has failed. It returns how long to wait before the next
// run, and whether there is a next run.
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
