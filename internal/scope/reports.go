package scope

import (
	"bytes"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"
)

// reports writes what is due in the process. A profile of many goroutines is dear,
// so one serves all that is due, and profiles take at most a twentieth of a
// processor's time. There are at most ten reports at once, and one more in each
// second; the rest is one line with their number.
//
// They are written on the goroutine of the timer that was first, which nobody
// waits for. It is gone when nothing is due any more.
type reports struct {
	mu         sync.Mutex // guards the rest
	due        map[*watch]struct{}
	writing    bool      // a goroutine writes, or a timer is set for it
	resume     time.Time // no profile before it
	budgetFull time.Time // when the budget of reports is full again
}

const (
	maxReports  = 10
	reportEvery = time.Second
	profileLoad = 20 // a profile that takes 10 ms is followed by 200 ms without one
)

// A bubble of testing/synctest has a clock of its own, and what is made in it must
// be used in it: it has reports of its own.
var everywhere = struct {
	sync.Mutex
	in map[string]*reports
}{in: map[string]*reports{}}

// mostBubbles is when those of bubbles that are over are forgotten.
const maxBubbles = 64

func reportsHere() *reports {
	var buffer [96]byte
	_, text, _ := bytes.Cut(buffer[:runtime.Stack(buffer[:], false)], []byte("synctest bubble "))
	here := text[:len(text)-len(bytes.TrimLeft(text, "0123456789"))]
	everywhere.Lock()
	defer everywhere.Unlock()
	r := everywhere.in[string(here)]
	if r == nil {
		if len(everywhere.in) == maxBubbles {
			clear(everywhere.in) // one that is writing goes on to its end
		}
		r = &reports{due: map[*watch]struct{}{}}
		everywhere.in[string(here)] = r
	}
	return r
}

// add makes w due.
func (r *reports) add(w *watch) {
	r.mu.Lock()
	r.due[w] = struct{}{}
	if r.writing {
		r.mu.Unlock()
		return // who writes takes it along
	}
	r.writing = true
	if pause := time.Until(r.resume); pause > 0 {
		time.AfterFunc(pause, r.write)
		r.mu.Unlock()
		return
	}
	r.mu.Unlock()
	r.write()
}

func (r *reports) remove(w *watch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.due, w)
}

// write writes reports of all that is due by the time when the profile is taken.
func (r *reports) write() {
	if r.idle() {
		return
	}
	begin := time.Now()
	p := takeProfile()
	cost := time.Since(begin)
	defer r.pause(begin, cost) // also when a log handler ends the goroutine
	var first *watch
	rest := 0
	for _, w := range r.take() {
		if w.ended() || w.rec.Reported() {
			continue
		}
		stacks, wait := w.stacks(p)
		switch {
		case wait:
			w.again()
		case !w.rec.FirstReport():
		case r.spend():
			w.write(stacks)
		default:
			if first == nil {
				first = w
			}
			rest++
		}
	}
	if rest > 0 {
		first.say("turbopipes: more subscriptions are cancelled, and still waiting for what does not end", "subscriptions", rest)
	}
}

// idle forgets what needs no report any more, and ends the writing if nothing else
// is due.
func (r *reports) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.due, func(w *watch, _ struct{}) bool { return w.ended() || w.rec.Reported() })
	r.writing = len(r.due) > 0
	return !r.writing
}

// take returns what is due, the oldest first.
func (r *reports) take() (due []*watch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.due {
		due = append(due, w)
	}
	clear(r.due)
	slices.SortFunc(due, func(a, b *watch) int { return a.since.Compare(b.since) })
	return due
}

// spend takes a report out of the budget.
func (r *reports) spend() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if now.Before(r.reportAllowed()) {
		return false
	}
	if r.budgetFull.Before(now) {
		r.budgetFull = now
	}
	r.budgetFull = r.budgetFull.Add(reportEvery)
	return true
}

// earned is when there is a budget for a report. It is called with the lock held.
func (r *reports) reportAllowed() time.Time { return r.budgetFull.Add(-(maxReports - 1) * reportEvery) }

// pause sets when the next profile is taken, after one that began at begin and took
// cost.
func (r *reports) pause(begin time.Time, cost time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.resume = begin.Add(profileLoad * cost); r.resume.Before(r.reportAllowed()) {
		r.resume = r.reportAllowed()
	}
	if len(r.due) == 0 {
		r.writing = false
		return
	}
	time.AfterFunc(time.Until(r.resume), r.write)
}
