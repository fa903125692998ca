package tptest

import (
	"fmt"
	"strings"
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
	jobs    []*job // all of them
	failed  bool
	tell    func(text string) // reports a failure
}

// Whole tells whether this run goes to the end of every diagram, so that what a
// scenario counts itself can be compared. In the others, one of the expectations
// stops or is cancelled early.
func (s *Scenario) Whole() bool { return s.variant.cut == nil }

// Now is the virtual time since the start of the scenario.
func (s *Scenario) Now() time.Duration { return time.Since(s.begin) }

// variant is a way to run a scenario.
type variant struct {
	name    string
	checked bool
	expect  int  // the expectation that is cut
	cut     *cut // nil: it runs to the end
}

// cut is an early end: at an item, or at a time.
type cut struct {
	items int           // > 0: downstream leaves at this item
	after time.Duration // else: ctx is cancelled, that long after the start
}

// bubble runs f in a bubble of its own and tells what went wrong around it.
type bubble func(f func(tb testing.TB))

func bubbleOf(t *testing.T) bubble {
	return func(f func(testing.TB)) {
		t.Helper()
		id := ""
		defer func() {
			t.Helper()
			p := recover()
			if p == nil {
				return
			}
			if text := fmt.Sprint(p); !strings.HasPrefix(text, "deadlock") {
				panic(p)
			}
			t.Fatalf("tptest: %v:\n%s", p, strings.Join(inBubble(id), "\n\n"))
		}()
		synctest.Test(t, func(t *testing.T) {
			id = bubbleID()
			f(t)
		})
	}
}

// Run calls scenario in a bubble of virtual time, and then again, each time in a
// fresh one, for every way to run its expectations ([Expect]): to the end, also
// under [turbopipes.Checked], and for each expectation once per item with a
// downstream that leaves there and once per column with a ctx that is cancelled
// there. It stops at the first run that fails.
//
// scenario therefore has to build everything it uses itself.
func Run(t *testing.T, scenario func(s *Scenario)) {
	t.Helper()
	explore(bubbleOf(t), scenario)
}

// explore runs all variants, until one fails.
func explore(in bubble, scenario func(*Scenario)) {
	whole := attempt(in, scenario, variant{name: "run to the end"}, map[int]*outcome{})
	if whole.failed || len(whole.jobs) == 0 {
		return
	}
	variants := []variant{whole.variant}
	for i := range whole.jobs {
		seen := whole.seen[i]
		if !seen.once {
			variants = append(variants, cuts(i, seen)...)
		}
	}
	for i, v := range variants {
		if i > 0 && attempt(in, scenario, v, whole.seen).failed {
			return
		}
		v.name, v.checked = v.name+", under Checked", true
		if attempt(in, scenario, v, whole.seen).failed {
			return
		}
	}
}

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
	end := seen.notes[len(seen.notes)-1].at
	from := seen.from / Step
	for column := from; column*Step+Step/2 < end; column++ {
		after := column*Step + Step/2
		for seen.has(after) {
			after += Step / 8 // no ties
		}
		name := fmt.Sprintf("with a ctx that is cancelled in column %d", column)
		variants = append(variants, variant{name: name, expect: i, cut: &cut{after: after}})
	}
	return variants
}

// attempt runs one variant.
func attempt(in bubble, scenario func(*Scenario), v variant, seen map[int]*outcome) *Scenario {
	s := &Scenario{variant: v, seen: seen}
	in(func(tb testing.TB) {
		tb.Helper()
		s.TB, s.begin = tb, time.Now()
		defer func() { s.failed = s.failed || tb.Failed() }()
		scenario(s)
		s.finish()
	})
	return s
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
	}
	return d
}
