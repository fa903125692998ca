package tptest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Scenario is one run of the function that is passed to [Run]. It is also the
// [testing.TB] of that run. Inside the function, use the Scenario for checks, not
// the t around it, and use its Context for subscriptions.
type Scenario struct {
	testing.TB
	begin   time.Time
	variant variant
	seen    map[int]*outcome // outcome of each expectation, from the run to the end
	sources []*source
	jobs    []*job       // the jobs of all expectations
	cutting atomic.Bool  // the cut has come
	spared  atomic.Int64 // running sources that a graceful stop does not end
	lost    atomic.Int64 // items that were reported lost
	failed  bool

	mu     sync.Mutex        // guards stirs and handed
	stirs  []time.Duration   // the times of all signals of sources, since the start
	handed []any             // items that the sources have handed over
	tell   func(text string) // reports a failure
}

// Whole reports whether this run goes to the end of every diagram. Only then compare
// values that a scenario counts itself: in the other runs, one of the expectations
// ends early.
func (s *Scenario) Whole() bool { return s.variant.cut == nil }

// Column returns how many columns of virtual time have passed since the start of the
// scenario.
func (s *Scenario) Column() int { return int(time.Since(s.begin) / Step) }

// variant is a way to run a scenario.
type variant struct {
	name    string
	checked bool
	slow    bool // sources are slow to return after the cut
	expect  int  // the expectation that is cut short
	cut     *cut // nil: the scenario runs to the end
}

// cut is an early end: at an item, or at a time.
type cut struct {
	items int           // > 0: downstream leaves at this item
	after time.Duration // otherwise: ctx is cancelled after this time since the start
	stops bool          // if true, the subscription is stopped gracefully instead
}

// bubble runs f in its own bubble. It returns an error if f did not return, or has
// left something in the bubble that can't end.
type bubble func(f func(tb testing.TB)) error

// errFailNow is the error of a bubble in which the test has ended itself.
var errFailNow = errors.New("tptest: the test has ended itself")

func bubbleOf(t *testing.T) bubble {
	return func(f func(testing.TB)) error {
		err := errFailNow
		id := ""
		done := make(chan struct{})
		go func() { // because a FailNow would end the caller, which has to report
			defer close(done)
			defer func() {
				if p := recover(); p != nil { // a panic of synctest: a panic of f never gets here
					err = fmt.Errorf("tptest: %v:\n%s", p, strings.Join(inBubble(id), "\n\n"))
				}
			}()
			synctest.Test(t, func(t *testing.T) {
				id = bubbleID()
				f(t)
			})
			err = nil
		}()
		<-done
		return err
	}
}

// Run calls scenario in a bubble of virtual time. It then calls it again, each time
// in a new bubble, for every way to run its expectations ([Expect]): to the end, and
// for each expectation once per item with a downstream that leaves at that item, and
// once per column with a ctx that is cancelled in that column. It does all of this
// plainly and under [turbopipes.Checked]. If there is only one expectation, sources
// take a moment to return under Checked. Under Checked there is also a run with a
// graceful stop for each column in which something happens. Run stops at the first
// run that fails.
//
// scenario therefore has to build everything that it uses itself.
func Run(t *testing.T, scenario func(s *Scenario)) {
	t.Helper()
	conclude(t, explore(bubbleOf(t), scenario))
}

// conclude reports the error of an exploration, if it is not reported yet.
func conclude(t *testing.T, err error) {
	t.Helper()
	switch {
	case errors.Is(err, errFailNow):
		t.FailNow()
	case err != nil:
		t.Fatal(err)
	}
}

// explore runs all variants, until one fails.
func explore(in bubble, scenario func(*Scenario)) error {
	seen := map[int]*outcome{}
	whole, err := attempt(in, scenario, variant{name: "run to the end"}, seen)
	if err != nil || whole.failed || len(whole.jobs) == 0 {
		return err
	}
	variants := []variant{whole.variant}
	for i := range whole.jobs {
		if !seen[i].once {
			variants = append(variants, cuts(i, seen[i])...)
		}
	}
	for i, v := range variants {
		if i > 0 && !v.stops() {
			if s, err := attempt(in, scenario, v, seen); err != nil || s.failed {
				return err
			}
		}
		v.name, v.checked = v.name+", under Checked", true
		if v.cut != nil && !v.stops() && len(whole.jobs) == 1 {
			v.name, v.slow = v.name+", with sources that are slow to return", true
		}
		if s, err := attempt(in, scenario, v, seen); err != nil || s.failed {
			return err
		}
	}
	return nil
}

// stops reports whether the variant is a graceful stop.
func (v variant) stops() bool { return v.cut != nil && v.cut.stops }

// cuts returns the early ends of an expectation with the outcome seen.
func cuts(i int, seen *outcome) (variants []variant) {
	items := 0
	for _, n := range seen.notes {
		if n.kind == item {
			items++
			name := fmt.Sprintf("with a downstream that leaves at item %d", items)
			variants = append(variants, variant{name: name, expect: i, cut: &cut{items: items}})
		}
	}
	for column := seen.from / Step; column*Step+Step/2 < seen.until; column++ {
		after := column*Step + Step/2
		for seen.has(after) {
			after += Step / 8 // no ties
		}
		name := fmt.Sprintf("with a ctx that is cancelled in column %d", column)
		variants = append(variants, variant{name: name, expect: i, cut: &cut{after: after}})
		if !seen.unstopped && (seen.busy[int(column)] || column == seen.from/Step) {
			name = fmt.Sprintf("with a graceful stop in column %d", column)
			variants = append(variants, variant{name: name, expect: i, cut: &cut{after: after, stops: true}})
		}
	}
	return variants
}

// attempt runs one variant.
func attempt(in bubble, scenario func(*Scenario), v variant, seen map[int]*outcome) (*Scenario, error) {
	s := &Scenario{variant: v, seen: seen}
	err := in(func(tb testing.TB) {
		tb.Helper()
		s.TB, s.begin = tb, time.Now()
		defer func() { s.failed = s.failed || tb.Failed() }()
		scenario(s)
		s.finish()
	})
	if err != nil && s.failed {
		err = errFailNow // the goroutines that are left were reported
	}
	return s, err
}

// finish runs the jobs with At, waits, and reports problems that came after the end
// of a job.
func (s *Scenario) finish() {
	s.Helper()
	var later []*job
	for _, j := range s.jobs {
		if j.x.at >= 0 {
			later = append(later, j)
		}
	}
	s.drive(later)
	time.Sleep(patience) // problems may show up after the end
	for _, j := range s.jobs {
		for _, text := range j.lateProblems() {
			s.report(fmt.Sprintf("%s:%s\n%s", s.variant.name, s.drawings(), text))
		}
	}
	s.checkSubscriptions()
}

// report fails the run.
func (s *Scenario) report(text string) {
	s.Helper()
	text = bounded(text)
	s.failed = true
	if s.tell != nil {
		s.tell(text)
		return
	}
	s.Error(text)
}

// abort ends the run because it could not begin.
func (s *Scenario) abort(err error) {
	s.Helper()
	if s.tell != nil {
		s.tell(err.Error())
		s.FailNow()
	}
	s.Fatal(err)
}

// drawings shows the sources, for reports.
func (s *Scenario) drawings() string {
	var b strings.Builder
	for _, src := range s.sources {
		fmt.Fprintf(&b, "\n%6s: %s", src.kind, src.text)
	}
	return b.String()
}

// slack returns how much later than drawn an early end may come.
func (s *Scenario) slack() (d time.Duration) {
	for _, src := range s.sources {
		d += src.unwinds
		if s.variant.slow {
			src.mu.Lock()
			d += lag * time.Duration(len(src.got))
			src.mu.Unlock()
		}
	}
	return d
}

// lag is the time that a source takes to return in a slow variant. It is less than
// any drawn time. An operator that only tells its upstream to end, but does not wait
// for it, has returned before that.
const lag = Step / 1000

// lags delays the return of a source.
func (s *Scenario) lags() {
	if s.variant.slow && s.cutting.Load() {
		time.Sleep(lag)
	}
}
