package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

const (
	itemsTime  = 12 * time.Millisecond // of a measurement of many items
	setUpTime  = 3 * time.Millisecond  // of a measurement of set-ups
	mostSetUps = 5000
)

// priced is a row with its measurements.
type priced struct {
	row
	family    string
	n         int // units of a run
	items     [][]sample
	setUps    [][]sample // runs of one unit
	wrong     []string
	disturbed int // rounds that were kept all the same
}

// sink returns the adder of a row.
func (r row) sink(t *trial) adder {
	switch r.outcome {
	case inOrder:
		return t.addInOrder
	case lastOne:
		return func(v int) { t.tally = tally{1, v} }
	case someCount:
		return func(int) { t.count = 1 }
	case unchecked:
		return func(int) {}
	}
	return t.add
}

// tallyOf runs w once.
func (r row) tallyOf(w way, n int) tally {
	t := &trial{}
	w.run(n, r.sink(t))
	return t.tally
}

// chosen reports whether match, which may be empty, is a part of the row's or the
// family's name.
func (r row) chosen(family, match string) bool {
	in := strings.ToLower(family + ": " + r.title())
	return match == "" || slices.ContainsFunc(strings.Split(strings.ToLower(match), "|"), func(part string) bool {
		return strings.Contains(in, part)
	})
}

// prices measures the rows that match.
func (h *harness) prices(match string) (all []priced) {
	for _, f := range costFamilies() {
		for _, r := range f.rows {
			if !r.chosen(f.title, match) {
				continue
			}
			if h.progress {
				fmt.Fprintf(os.Stderr, "%s: %s\n", f.title, r.title())
			}
			all = append(all, h.price(f.title, r))
		}
	}
	return all
}

// price measures a row: each way in turns, once to warm up, and then reps times. A round
// that was disturbed is repeated, as long as that at most doubles the time.
func (h *harness) price(family string, r row) priced {
	p := priced{row: r, family: family, n: r.unitsOf(h.scale)}
	p.items, p.setUps = make([][]sample, len(r.ways)), make([][]sample, len(r.ways))
	late := time.AfterFunc(h.timeout, func() {
		fmt.Fprintf(os.Stderr, "bench: %s: no end after %s\n", r.title(), h.timeout)
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		os.Exit(1)
	})
	defer late.Stop()

	oracle := r.oracle()
	many, one := r.tallyOf(oracle, p.n), r.tallyOf(oracle, 1)
	rounds, setUps := make([]int, len(r.ways)), make([]int, len(r.ways))
	for i, w := range r.ways {
		first, single := p.sample(w, p.n, 1, many), p.sample(w, 1, 1, one)
		rounds[i] = h.rounds(itemsTime, first, r.items(p.n), 10_000)
		setUps[i] = h.rounds(setUpTime, single, r.items(1), mostSetUps)
	}
	retries := h.reps
	for rep := 0; rep < h.reps; {
		quiet := h.control.watch()
		items, ones := make([]sample, len(r.ways)), make([]sample, len(r.ways))
		for at := range r.ways {
			i := (at + rep) % len(r.ways)
			runtime.GC()
			items[i] = p.sample(r.ways[i], p.n, rounds[i], many)
			ones[i] = p.sample(r.ways[i], 1, setUps[i], one)
		}
		if disturbed := !quiet(); disturbed && retries > 0 {
			retries--
			continue
		} else if disturbed {
			p.disturbed++
		}
		rep++
		for i := range r.ways {
			p.items[i], p.setUps[i] = append(p.items[i], items[i]), append(p.setUps[i], ones[i])
		}
	}
	return p
}

// rounds returns how many runs last at least d.
func (h *harness) rounds(d time.Duration, first sample, items, most int) int {
	took := time.Duration(first.ns * float64(items))
	if h.atLeast == 0 || took <= 0 {
		return 1
	}
	return max(1, min(most, int(d/took)))
}

// sample runs w, rounds times in a row, with n units each.
func (p *priced) sample(w way, n, rounds int, want tally) (s sample) {
	t := &trial{}
	add := p.sink(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	for range rounds {
		t.tally = tally{}
		w.run(n, add)
		if t.tally != want && w.role != reference {
			s.wrong = fmt.Sprintf("%s, %s: %d results and checksum %d, not %d and %d", p.title(), w.name, t.count, t.sum, want.count, want.sum)
		}
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	per := float64(rounds * p.row.items(n))
	s.ns = float64(took) / per
	s.bytes = float64(after.TotalAlloc-before.TotalAlloc) / per
	s.allocs = float64(after.Mallocs-before.Mallocs) / per
	if s.wrong != "" && !slices.Contains(p.wrong, s.wrong) {
		p.wrong = append(p.wrong, s.wrong)
	}
	return s
}
