package main

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// control detects that the machine was disturbed. Before and after each sample it
// times a spin that is split over all processors. The spin is late when another
// process has one of them. On Linux, control also checks how much processor time
// other processes had during the sample.
type control struct {
	spins int
	best  time.Duration
}

const (
	spinTime  = 2 * time.Millisecond
	tolerance = 1.10 // of the best control
	others    = 0.06 // of the processors' time
)

func newControl() *control {
	c := &control{spins: spinsFor(spinTime)}
	for range 25 {
		if d := c.once(); c.best == 0 || d < c.best {
			c.best = d
		}
	}
	return c
}

// once times one split spin.
func (c *control) once() time.Duration {
	start := time.Now()
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() { spin(c.spins) })
	}
	all.Wait()
	return time.Since(start)
}

// good takes the better of two controls, because waking the processors is noisy.
func (c *control) good() bool {
	d := min(c.once(), c.once())
	c.best = min(c.best, d)
	return float64(d) <= tolerance*float64(c.best)
}

// watch begins a sample. quiet ends it, and reports whether no other process
// disturbed it.
func (c *control) watch() (quiet func() bool) {
	if c == nil {
		return func() bool { return true }
	}
	ok := c.good()
	start := time.Now()
	busy, own, known := ticks()
	return func() bool {
		busyThen, ownThen, _ := ticks()
		total := time.Since(start).Seconds() * ticksPerSecond * float64(runtime.NumCPU())
		foreign := float64(busyThen - busy - (ownThen - own))
		if known && foreign > max(2, others*total) {
			ok = false
		}
		return c.good() && ok
	}
}

// ticksPerSecond is the unit of /proc on every Linux that Go supports.
const ticksPerSecond = 100

// ticks returns the processor time that all processes and this process have used.
func ticks() (busy, own int, known bool) {
	system, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, false
	}
	line, _, _ := strings.Cut(string(system), "\n")
	f := numbers(strings.Fields(line)) // cpu user nice system idle iowait irq softirq steal
	self, err := os.ReadFile("/proc/self/stat")
	if err != nil || len(f) < 9 {
		return 0, 0, false
	}
	_, rest, _ := strings.Cut(string(self), ") ") // the fields after the command's name
	g := numbers(strings.Fields(rest))
	if len(g) < 13 {
		return 0, 0, false
	}
	return f[1] + f[2] + f[3] + f[6] + f[7] + f[8], g[11] + g[12], true
}

func numbers(fields []string) []int {
	n := make([]int, len(fields))
	for i, f := range fields {
		n[i], _ = strconv.Atoi(f)
	}
	return n
}

// spin keeps a processor busy.
//
//go:noinline
func spin(n int) {
	x := uint64(n)
	for range n {
		x = x*6364136223846793005 + 1442695040888963407
	}
	runtime.KeepAlive(x)
}

var perSpin = sync.OnceValue(func() float64 {
	const n = 1_000_000
	times := make([]time.Duration, 15)
	for i := range times {
		start := time.Now()
		spin(n)
		times[i] = time.Since(start)
	}
	return float64(slices.Min(times)) / n
})

// spinsFor returns how many times to spin for d of processor time.
func spinsFor(d time.Duration) int { return max(1, int(float64(d)/perSpin())) }
