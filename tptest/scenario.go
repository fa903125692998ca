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

// Scenario is one run of the function given to [Run]. It is also the
// [testing.TB] of that run: use it, not the t around it, for what is checked
// inside, and its Context for what is subscribed to inside.
type Scenario struct {
	testing.TB
	begin   time.Time
	variant variant
	seen    map[int]*outcome // of each expectation, from the run to the end
	sources []*source
	jobs    []*job       // all of them
	cutting atomic.Bool  // the cut has come
	spared  atomic.Int64 // sources that run, and that a graceful stop does not end
	lost    atomic.Int64 // items that were reported lost
	failed  bool

	mu     sync.Mutex        // guards stirs and handed
	stirs  []time.Duration   // when a source has signalled, since the start
	handed []any             // items that the sources have handed over
	tell   func(text string) // reports a failure
}

// Whole tells whether this run goes to the end of every diagram, so that what a
// scenario counts itself can be compared. In the others, one of the expectations
// ends early.
func (s *Scenario) Whole() bool { return s.variant.cut == nil }

// Column is how many columns of virtual time have passed since the start of the
// scenario.
func (s *Scenario) Column() int { return int(time.Since(s.begin) / Step) }

// variant is a way to run a scenario.
type variant struct {
	name    string
	checked bool
	slow    bool // sources are slow to return when the cut has come
	expect  int  // the expectation that is cut
	cut     *cut // nil: it runs to the end
}

// cut is an early end: at an item, or at a time.
type cut struct {
	items int           // > 0: downstream leaves at this item
	after time.Duration // else: ctx is cancelled, that long after the start
	stops bool          // or, then, the subscription is stopped gracefully
}

// bubble runs f in a bubble of its own. It gives an error where f did not
// return, or has left something in the bubble that can't end.
type bubble func(f func(tb testing.TB)) error

// errFailNow is how a bubble ends in which the test has ended itself.
var errFailNow = errors.New("tptest: the test has ended itself")

func bubbleOf(t *testing.T) bubble {
	return func(f func(testing.TB)) error {
		err := errFailNow
		id := ""
		done := make(chan struct{})
		go func() { // for a FailNow would end the caller, who has to report
			defer close(done)
			defer func() {
				if p := recover(); p != nil { // synctest's: a panic of f never gets here
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

// Run calls scenario in a bubble of virtual time, and then again, each time in a
// fresh one, for every way to run its expectations ([Expect]): to the end, and
// for each expectation once per item with a downstream that leaves there and
// once per column with a ctx that is cancelled there. All of this is done
// plainly and under [turbopipes.Checked], there with sources that take a moment
// to return when they have to, if there is but one expectation. Under Checked
// there is also a run with a graceful stop for each column in which something
// happens. Run stops at the first run that fails.
//
// scenario therefore has to build everything it uses itself.
func Run(t *testing.T, scenario func(s *Scenario)) {
	t.Helper()
	conclude(t, explore(bubbleOf(t), scenario))
}

// conclude reports how an exploration went wrong, if it is not reported yet.
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

// stops tells whether it is stopped gracefully.
func (v variant) stops() bool { return v.cut != nil && v.cut.stops }

// cuts gives the early ends of an expectation that went as seen says.
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
		err = errFailNow // what is left was reported
	}
	return s, err
}

// finish runs what waits for the end of the scenario function.
func (s *Scenario) finish() {
	s.Helper()
	var later []*job
	for _, j := range s.jobs {
		if j.x.at >= 0 {
			later = append(later, j)
		}
	}
	s.drive(later)
	time.Sleep(patience) // what has not ended may show
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

// abort ends the run: it could not begin.
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

// slack is how much later than drawn an early end may come.
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

// lag is how long a source takes to return in a slow variant: less than anything
// that is drawn, but an operator that only tells its upstream to end, and does
// not wait for that, has returned by then.
const lag = Step / 1000

// lags makes a source late to return.
func (s *Scenario) lags() {
	if s.variant.slow && s.cutting.Load() {
		time.Sleep(lag)
	}
}
