package scope

import (
	"bytes"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"
)

// reports writes the due reports of the process. A profile of many goroutines is
// expensive. So one profile serves all due reports, and profiles take at most a
// twentieth of one processor's time. At most ten reports are written at once, and
// then one more per second. All further ones become one line with their number.
//
// Reports are written on the goroutine of the first timer, which nobody waits for.
// The goroutine ends when no report is due any more.
type reports struct {
	mu         sync.Mutex // guards the fields below
	due        map[*watch]struct{}
	writing    bool      // a goroutine writes, or a timer is set for it
	resume     time.Time // no profile is taken before this time
	budgetFull time.Time // when the budget of reports is full again
}

const (
	maxReports  = 10
	reportEvery = time.Second
	profileLoad = 20 // a profile that takes 10 ms is followed by 200 ms without one
)

// A bubble of testing/synctest has its own clock, and objects made in a bubble must
// be used in it. So each bubble has its own reports.
var everywhere = struct {
	sync.Mutex
	in map[string]*reports
}{in: map[string]*reports{}}

// At maxBubbles, the reports of ended bubbles are forgotten.
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
			clear(everywhere.in) // reports that are being written are finished
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
		return // the goroutine that writes also reports w
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

// write writes all reports that are due when the profile is taken.
func (r *reports) write() {
	if r.idle() {
		return
	}
	begin := time.Now()
	p := takeProfile()
	cost := time.Since(begin)
	defer r.pause(begin, cost) // also if a log handler ends the goroutine
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

// idle forgets the watches that need no report any more. It ends the writing if
// nothing else is due.
func (r *reports) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.due, func(w *watch, _ struct{}) bool { return w.ended() || w.rec.Reported() })
	r.writing = len(r.due) > 0
	return !r.writing
}

// take returns the due watches, the oldest first.
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

// spend takes a report out of the budget, if it allows one.
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

// reportAllowed is when the budget allows a report. The caller holds the lock.
func (r *reports) reportAllowed() time.Time { return r.budgetFull.Add(-(maxReports - 1) * reportEvery) }

// pause sets when the next profile may be taken. The last one began at begin and
// took cost.
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
