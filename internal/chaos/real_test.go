package chaos

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

// tick is the duration of a plan's millisecond in real time.
const tick = 20 * time.Microsecond

// TestRealTime runs some plans on the real clock, where goroutines do run at the same
// instant. It is for the race detector.
func TestRealTime(t *testing.T) {
	defer goleak.VerifyNone(t)
	for i := range uint64(max(1, *runs/10)) {
		p := newPlan(1_000_000+*first+i, allowed)
		w := newWorld(p, tick)
		r := newRun(w)
		r.all(func() { time.Sleep(time.Millisecond) })
		r.check()
		report(t, p, w.bad)
	}
	for i := range uint64(max(1, *hots/10)) {
		p := newHotPlan(1_000_000 + *first + i)
		h := newHotWorld(p, tick)
		h.all()
		h.check()
		report(t, p, h.bad)
	}
}
