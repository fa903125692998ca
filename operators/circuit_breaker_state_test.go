package operators

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each step of a script is one letter. r: a run begins and is let in. x: a run is
// refused. i: the first item of the oldest running run comes. s, f, n: the oldest run
// ends with a success, with a failure, or with neither. I, S, F, N: the same for the
// newest run. _: a minute passes.
func TestCircuit(t *testing.T) {
	for name, c := range map[string]struct {
		steps string
		open  bool
	}{
		"successes":                           {"rsrsrs", false},
		"fewer failures than it takes":        {"rfrf", false},
		"enough":                              {"rfrfrfx", true},
		"not in a row":                        {"rfrfrsrfrfr", false},
		"neither does not break the row":      {"rfrnrfrnrfx", true},
		"nor counts":                          {"rnrnrnrnr", false},
		"at the same time":                    {"rrrrfffx", true},
		"late news of a success":              {"rrrrfffsx", true},
		"late news of failures":               {"rrrrrrfff__fffrx", true},
		"cooling down":                        {"rfrfrf_x", true},
		"a trial":                             {"rfrfrf__r", true},
		"one at a time":                       {"rfrfrf__rxx", true},
		"a trial succeeds":                    {"rfrfrf__rsrr", false},
		"it counts afresh":                    {"rfrfrf__rsrfrfr", false},
		"and opens again":                     {"rfrfrf__rsrfrfrfx", true},
		"a trial fails":                       {"rfrfrf__rfx", true},
		"and cools down again":                {"rfrfrf__rf_x_r", true},
		"a trial that says nothing":           {"rfrfrf__rnrx", true},
		"late news while a trial runs":        {"rrrrFFF__rsxSr", false},
		"late news of it after a trial":       {"rrrrrFFF__rSfrfrfr", false},
		"late neither does not end a trial":   {"rrrrFFF__rnx", true},
		"a success of a closed one counts 0":  {"rrfrfsrfrfrfx", true},
		"a stream that goes on breaks a row":  {"rfrfrirFrFr", false},
		"and counts once":                     {"rirFrFsrFx", true},
		"a trial's first item closes it":      {"rfrfrf__rirr", false},
		"one that fails after it counts":      {"rfrfrf__rifrfrfx", true},
		"as the first of a row":               {"rfrfrf__rifrfr", false},
		"a stop after it says no more":        {"rfrfrf__rinrr", false},
		"items, and then failures":            {"rifrifrifx", true},
		"a row is not broken by its own item": {"rfrfrifx", true},
		"but by another's":                    {"rfrfrirIfFr", false},
		"unless that fails first":             {"rfrfrirIFfx", true},
		"late news of an item":                {"rrrrFFFix", true},
	} {
		t.Run(name, func(t *testing.T) {
			b := circuit{threshold: 3, cooldown: 2 * time.Minute}
			now := time.Unix(0, 0)
			var runs []breakerRun
			for i, step := range c.steps {
				switch step {
				case '_':
					now = now.Add(time.Minute)
					continue
				case 'r', 'x':
					run, _, ok := b.enter(now)
					require.Equal(t, step == 'r', ok, "step %d of %s", i, c.steps)
					if ok {
						runs = append(runs, run)
					}
					continue
				}
				at := 0
				if step < 'a' {
					at, step = len(runs)-1, step-'A'+'a'
				}
				if says(&b, &runs[at], step, now) {
					runs = slices.Delete(runs, at, at+1)
				}
			}
			require.Equal(t, c.open, b.open)
		})
	}
}

// says reports an event of a run to b, and returns whether the event was the run's end. i
// is an item, s a success, f a failure, and n an end that says nothing.
func says(b *circuit, run *breakerRun, what rune, now time.Time) (ended bool) {
	switch what {
	case 'i':
		b.succeeds(run, now)
	case 's':
		b.succeeds(run, now)
		b.leaves(run)
	case 'f':
		b.fails(run, now)
	case 'n':
		b.leaves(run)
	}
	return what != 'i'
}

// book is a simple model of a circuit. It keeps all reports since it last opened or
// closed, and counts all of them each time.
type book struct {
	threshold, least int
	rate             float64
	window, cooldown time.Duration

	open, trial bool
	until       time.Time
	began       time.Time // the window's slots begin here
	epoch       int
	said        []remark
}

type remark struct {
	run  int
	fail bool
	slot int64
}

// reader is a run of a book.
type reader struct{ id, epoch int }

func (b *book) slot(now time.Time) int64 {
	if len(b.said) == 0 {
		b.began = now
	}
	return int64(now.Sub(b.began) / (b.window / rateSlots))
}

func (b *book) enter(now time.Time) bool {
	if b.open && (now.Before(b.until) || b.trial) {
		return false
	}
	b.trial = b.open
	return true
}

func (b *book) turn(open bool, now time.Time) {
	b.open, b.trial, b.said = open, false, nil
	b.epoch++
	b.until = now.Add(b.cooldown)
}

func (b *book) says(run *reader, what rune, now time.Time) {
	own := func(r remark) bool { return r.run == run.id && !r.fail }
	switch {
	case run.epoch != b.epoch:
		return
	case what == 'n':
		b.trial = false
		return
	case what == 'f' && b.open:
		b.turn(true, now)
		return
	case what == 'f':
		last := -1 // the latest success
		for i, r := range b.said {
			if !r.fail {
				last = i
			}
		}
		slot := b.slot(now)
		if i := slices.IndexFunc(b.said, own); i >= 0 {
			if i == last {
				b.said = slices.Delete(b.said, i, i+1)
			} else {
				b.said[i].slot = -rateSlots // it counts in the row, and not in the window
			}
		}
		b.said = append(b.said, remark{run.id, true, slot})
	case slices.ContainsFunc(b.said, own):
		return
	default:
		if b.open {
			b.turn(false, now)
			run.epoch = b.epoch
		}
		b.said = append(b.said, remark{run.id, false, b.slot(now)})
	}
	row, ok, fail := 0, 0, 0
	newest := b.slot(now)
	for _, r := range b.said {
		row++
		if !r.fail {
			row = 0
		}
		switch {
		case r.slot <= newest-rateSlots:
		case r.fail:
			fail++
		default:
			ok++
		}
	}
	many := b.rate > 0 && fail > 0 && ok+fail >= b.least && float64(fail) >= b.rate*float64(ok+fail)
	if row >= b.threshold || many {
		b.turn(true, now)
	}
}

// Every sequence of a few events goes to a circuit and to a book. Both must admit the same
// runs.
func TestCircuitExhaustively(t *testing.T) {
	const minute = time.Minute
	for name, c := range map[string]struct {
		threshold, least int
		rate             float64
	}{
		"a row":  {2, 0, 0},
		"a rate": {100, 2, 0.5},
		"both":   {3, 3, 0.6},
	} {
		t.Run(name, func(t *testing.T) {
			type world struct {
				circuit circuit
				book    book
				now     time.Time
				stints  []breakerRun
				readers []reader
				ids     int
				story   string
			}
			var tell func(w world, steps int)
			tell = func(w world, steps int) {
				if w.circuit.open != w.book.open {
					t.Fatalf("%s: open is %v, want %v", w.story, w.circuit.open, w.book.open)
				}
				if steps == 0 {
					return
				}
				next := w
				next.now = w.now.Add(6 * minute)
				next.story += "_"
				tell(next, steps-1)

				next = w
				next.story += "r"
				next.book.said = slices.Clone(w.book.said)
				run, _, ok := next.circuit.enter(w.now)
				if want := next.book.enter(w.now); ok != want {
					t.Fatalf("%s: let in is %v, want %v", next.story, ok, want)
				}
				if ok {
					next.ids++
					next.stints = append(slices.Clone(w.stints), run)
					next.readers = append(slices.Clone(w.readers), reader{next.ids, next.book.epoch})
					tell(next, steps-1)
				}
				for at := range w.stints {
					for _, what := range "isfn" {
						next := w
						next.story += fmt.Sprintf("%c%d", what, at)
						next.book.said = slices.Clone(w.book.said)
						next.stints, next.readers = slices.Clone(w.stints), slices.Clone(w.readers)
						next.book.says(&next.readers[at], what, w.now)
						if says(&next.circuit, &next.stints[at], what, w.now) {
							next.stints = slices.Delete(next.stints, at, at+1)
							next.readers = slices.Delete(next.readers, at, at+1)
						}
						tell(next, steps-1)
					}
				}
			}
			tell(world{
				circuit: circuit{threshold: c.threshold, cooldown: 6 * minute, rate: newFailureRate(c.rate, 10*minute, c.least)},
				book:    book{threshold: c.threshold, least: c.least, rate: c.rate, window: 10 * minute, cooldown: 6 * minute},
				now:     time.Unix(0, 0),
			}, 8)
		})
	}
}

// The window slides: older reports no longer count.
func TestFailureRate(t *testing.T) {
	begin := time.Unix(1000, 0)
	at := func(s int) time.Time { return begin.Add(time.Duration(s) * time.Second) }
	f := newFailureRate(0.5, 10*time.Second, 4)
	f.count(at(0), 1, 0)
	f.count(at(1), 0, 1)
	f.count(at(2), 0, 1)
	require.False(t, f.exceeded(at(2)), "too few")
	slot := f.count(at(3), 1, 0)
	require.True(t, f.exceeded(at(3)), "half of four")
	f.count(at(4), 1, 0)
	require.False(t, f.exceeded(at(4)), "two of five")
	f.takeBack(slot)
	require.True(t, f.exceeded(at(4)))
	require.True(t, f.exceeded(at(9)))
	require.False(t, f.exceeded(at(10)), "the first is out of the window: three are too few")
	f.count(at(11), 1, 0)
	require.False(t, f.exceeded(at(11)), "the second took the first one's place")
	f.count(at(11), 0, 1)
	require.True(t, f.exceeded(at(11)), "two of four")
	f.takeBack(1)
	require.True(t, f.exceeded(at(11)), "what has left the window is not taken back from what took its place")
	f.count(at(1_000_000), 0, 4)
	require.True(t, f.exceeded(at(1_000_000)), "long after")
	f.forget()
	require.False(t, f.exceeded(at(1_000_000)))

	tiny := newFailureRate(1, 3, 1) // nanoseconds
	tiny.count(begin, 0, 1)
	require.True(t, tiny.exceeded(begin))
	off := failureRate{}
	off.count(begin, 0, 100)
	require.False(t, off.exceeded(begin))
}

func TestCircuitTellsHowLong(t *testing.T) {
	b := circuit{threshold: 1, cooldown: time.Minute}
	now := time.Unix(0, 0)
	run, _, ok := b.enter(now)
	require.True(t, ok)
	b.fails(&run, now)
	_, wait, ok := b.enter(now.Add(time.Second))
	require.False(t, ok)
	require.Equal(t, 59*time.Second, wait)
	_, _, ok = b.enter(now.Add(time.Minute))
	require.True(t, ok, "at the deadline it is over")
	_, wait, ok = b.enter(now.Add(time.Minute))
	require.False(t, ok)
	require.Zero(t, wait, "a trial runs")
}
