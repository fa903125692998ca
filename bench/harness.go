package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"
)

// workload is a kind of work. Each workload has a page of results.
type workload struct {
	id, title, about string
	cells            func(s scale) []cell // nil: the cost table
}

// scale divides the amount of work: a number is divided by it.
type scale int

const (
	fullScale  scale = 1
	shortScale scale = 50
	tinyScale  scale = 500
)

func (s scale) of(n int) int { return max(n/int(s), 16) }

// cell is one table: the contenders that do the same work.
type cell struct {
	name       string
	layout     layout
	per        int           // times are divided by it: items, or items and stages
	unit       time.Duration // of the times in the table
	unitName   string
	want       tally
	rival      string       // title of the peers' column, if not "best peer"
	prepare    func(*trial) // may be nil
	contenders []contender
}

// layout says which columns a table has.
type layout int

const (
	cost       layout = iota // time per item, and its ratios
	efficiency               // the same, as a share of the limit's speed
	delay                    // end of a task to its delivery
	teardown                 // time to dispose, and the tasks that are left
	memory                   // bytes that a pipeline holds
	growth                   // time per item from one size to the next
)

// role is the role of a contender.
type role int

const (
	limit     role = iota // the best that the machine allows
	ours                  // turbopipes
	peer                  // another library, or code written by hand, that does the same
	reference             // does less, or is no stream: not used for ratios
)

// bound is the number of items that a contender may hold: items that were taken from
// the source and not delivered.
type bound string

const (
	anyBound bound = ""
	strict   bound = "n"
	buffered bound = "more"
)

// contender is a row of a table.
type contender struct {
	name  string
	role  role
	bound bound
	run   func(t *trial)
}

// tally is the number of results and their checksum.
type tally struct{ count, sum int }

// trial is one run of a contender.
type trial struct {
	tally
	start      time.Time
	took       time.Duration
	ended      []time.Duration // end of the task of item v, where delays are measured
	delays     []time.Duration
	held       int // bytes, while all tasks are blocked
	tasks      int // left when the call that disposes returned
	goroutines int // left soon after that; where bytes are measured, the goroutines that hold them
}

// epoch is the zero of trial.ended.
var epoch = time.Now()

func (t *trial) begin() { t.start = time.Now() }
func (t *trial) end()   { t.took = time.Since(t.start) }

// add counts a result that was delivered, in any order.
func (t *trial) add(r int) {
	t.count++
	t.sum += r
	if t.ended != nil {
		t.delays = append(t.delays, time.Since(epoch)-t.ended[inverse(r)])
	}
}

// addInOrder counts a result so that the checksum depends on its position.
func (t *trial) addInOrder(r int) {
	t.count++
	t.sum = t.sum*31 + r
}

// join adds the tally of another goroutine.
func (t *trial) join(other tally) {
	t.count += other.count
	t.sum += other.sum
}

// sample has the measurements of one repetition of a contender.
type sample struct {
	ns, bytes, allocs float64 // per cell.per
	held              float64 // the same
	p50, p99, longest time.Duration
	tasks, goroutines int
	disturbed         bool
	wrong             string // empty if the results were right
}

type harness struct {
	reps     int
	scale    scale
	atLeast  time.Duration // minimum duration of a sample
	control  *control      // nil: disturbances are ignored
	timeout  time.Duration
	progress bool
	match    string // rows of the cost table; all when empty
	merge    bool   // these rows into the results
	costs    costResults
}

func newHarness(reps int) *harness {
	return &harness{
		reps: max(reps, 1), scale: fullScale, atLeast: 50 * time.Millisecond,
		control: newControl(), timeout: 2 * time.Minute, progress: true,
	}
}

func quickHarness(s scale) *harness { return &harness{reps: 1, scale: s, timeout: 2 * time.Minute} }

// measure runs all cells of w. It returns the page, and the number of wrong results.
func (h *harness) measure(w workload) (page string, wrong int) {
	if w.cells == nil {
		return h.measureCosts()
	}
	tables := make([]table, 0, 8)
	for _, c := range w.cells(h.scale) {
		if h.progress {
			fmt.Fprintf(os.Stderr, "%s, %s\n", w.id, c.name)
		}
		t := h.run(c)
		wrong += t.wrong()
		tables = append(tables, t)
	}
	return render(w, tables, h), wrong
}

// run runs every contender once to warm up, and then reps times, in turns. Each
// repetition begins with another contender.
func (h *harness) run(c cell) table {
	t := table{cell: c, samples: make([][]sample, len(c.contenders))}
	rounds := make([]int, len(c.contenders))
	for i, k := range c.contenders {
		t.warm = append(t.warm, h.sample(c, k, 1))
		took := time.Duration(t.warm[i].ns * float64(c.per))
		rounds[i] = 1
		if c.layout != teardown && c.layout != memory && took > 0 {
			rounds[i] = max(1, min(10_000, int(h.atLeast/took)))
		}
	}
	retries := h.reps * len(c.contenders) // so run takes at most twice the time
	for rep := range h.reps {
		for at := range c.contenders {
			i := (at + rep) % len(c.contenders)
			s := h.sample(c, c.contenders[i], rounds[i])
			for s.disturbed && retries > 0 {
				retries--
				t.discarded++
				time.Sleep(20 * time.Millisecond) // the disturbance may pass
				s = h.sample(c, c.contenders[i], rounds[i])
			}
			t.samples[i] = append(t.samples[i], s)
		}
	}
	return t
}

// sample runs k, rounds times in a row, between two controls.
func (h *harness) sample(c cell, k contender, rounds int) (s sample) {
	late := time.AfterFunc(h.timeout, func() {
		fmt.Fprintf(os.Stderr, "bench: %s, %s: no end after %s\n", c.name, k.name, h.timeout)
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		os.Exit(1)
	})
	defer late.Stop()

	var delays []time.Duration
	runtime.GC()
	quiet := h.control.watch()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var took time.Duration
	for range rounds {
		t := &trial{}
		if c.prepare != nil {
			c.prepare(t)
		}
		t.begin()
		k.run(t)
		if t.took == 0 {
			t.end()
		}
		took += t.took
		if t.tally != c.want {
			s.wrong = fmt.Sprintf("%d items and checksum %d, not %d and %d", t.count, t.sum, c.want.count, c.want.sum)
		}
		delays = append(delays, t.delays...)
		s.held = max(s.held, float64(t.held)/float64(c.per))
		s.tasks, s.goroutines = max(s.tasks, t.tasks), max(s.goroutines, t.goroutines)
	}
	runtime.ReadMemStats(&after)
	s.disturbed = !quiet()

	per := float64(rounds * c.per)
	s.ns = float64(took) / per
	s.bytes = float64(after.TotalAlloc-before.TotalAlloc) / per
	s.allocs = float64(after.Mallocs-before.Mallocs) / per
	if n := len(delays); n > 0 {
		slices.Sort(delays)
		s.p50, s.p99, s.longest = delays[n/2], delays[n*99/100], delays[n-1]
	}
	return s
}
