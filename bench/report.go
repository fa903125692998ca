package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// table has the samples of a cell.
type table struct {
	cell
	warm      []sample
	samples   [][]sample // by contender
	discarded int
}

func (t table) wrong() (n int) {
	for i := range t.contenders {
		if t.wrongAt(i) != "" {
			n++
		}
	}
	return n
}

func (t table) wrongAt(i int) string {
	for _, s := range append([]sample{t.warm[i]}, t.samples[i]...) {
		if s.wrong != "" {
			return s.wrong
		}
	}
	return ""
}

// of returns the median, minimum and maximum of a measure over the repetitions.
func (t table) of(i int, measure func(sample) float64) (mid, lo, hi float64) {
	all := make([]float64, len(t.samples[i]))
	for j, s := range t.samples[i] {
		all[j] = measure(s)
	}
	slices.Sort(all)
	return all[len(all)/2], all[0], all[len(all)-1]
}

func tasksLeft(s sample) float64 { return float64(s.tasks) }

// figure is the measure that ratios are computed from.
func (t table) figure(s sample) float64 {
	if t.layout == memory {
		return s.held
	}
	return s.ns
}

// has reports whether there is a contender in that role.
func (t table) has(r role) bool {
	return slices.ContainsFunc(t.contenders, func(c contender) bool { return c.role == r })
}

// best returns the fastest contender that ok accepts, that was right, and that left
// nothing behind. It returns -1 if there is none.
func (t table) best(ok func(contender) bool) int {
	best, least := -1, 0.0
	for i, c := range t.contenders {
		left, _, _ := t.of(i, tasksLeft)
		if !ok(c) || left > 0 || t.wrongAt(i) != "" {
			continue
		}
		if mid, _, _ := t.of(i, t.figure); best < 0 || mid < least {
			best, least = i, mid
		}
	}
	return best
}

func (t table) top() int { return t.best(func(c contender) bool { return c.role == limit }) }

func (t table) bestPeer() int { return t.best(func(c contender) bool { return c.role == peer }) }

// ratio returns the time of i divided by the time of j, or "" if there is no j.
func (t table) ratio(i, j int, format string) string {
	if j < 0 {
		return ""
	}
	mine, _, _ := t.of(i, t.figure)
	other, _, _ := t.of(j, t.figure)
	return fmt.Sprintf(format, mine/other)
}

func (t table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n", t.name)
	header, row := t.columns()
	fmt.Fprintf(&b, "| contender | %s |\n|---|%s\n", strings.Join(header, " | "), strings.Repeat("---:|", len(header)))
	for i, c := range t.contenders {
		name := c.name
		if c.role == ours && t.layout != growth {
			name = "**" + name + "**"
		}
		cols := row(i)
		if w := t.wrongAt(i); w != "" {
			cols[0] = "WRONG: " + w
		}
		fmt.Fprintf(&b, "| %s | %s |\n", name, strings.Join(cols, " | "))
	}
	return b.String() + t.notes()
}

// columns returns the header and the function that fills a row.
func (t table) columns() (header []string, row func(i int) []string) {
	switch t.layout {
	case delay:
		return t.delayColumns()
	case teardown:
		return t.teardownColumns()
	case memory:
		return t.memoryColumns()
	case growth:
		return t.growthColumns()
	}
	if !t.has(peer) && !t.has(limit) {
		return append([]string{"median, " + t.unitName, "min", "max"}, spent...), func(i int) []string { return append(t.times(i), t.spent(i)...) }
	}
	header, row = t.costColumns()
	if !slices.ContainsFunc(t.contenders, func(c contender) bool { return c.bound != anyBound }) {
		return header, row
	}
	return append(header, "holds", "× best that holds as many"), func(i int) []string {
		bound, alike := t.contenders[i].bound, -1
		if bound != anyBound {
			alike = t.best(func(c contender) bool { return c.role == peer && c.bound == bound })
		}
		return append(t.cost(i), string(bound), t.ratio(i, alike, "%.2f"))
	}
}

func (t table) costColumns() (header []string, row func(i int) []string) {
	toLimit := "× limit"
	if t.layout == efficiency {
		toLimit = "speed, of the limit"
	}
	return append([]string{"median, " + t.unitName, "min", "max", "× " + cmp.Or(t.rival, "best peer"), toLimit}, spent...), t.cost
}

func (t table) cost(i int) []string {
	toLimit := t.ratio(i, t.top(), "%.2f")
	if t.layout == efficiency {
		toLimit = t.share(i, t.top())
	}
	return append(append(t.times(i), t.ratio(i, t.bestPeer(), "%.2f"), toLimit), t.spent(i)...)
}

// spent has the column names of the function spent.
var spent = []string{"bytes", "allocations"}

func (t table) spent(i int) []string {
	bytes, _, _ := t.of(i, func(s sample) float64 { return s.bytes })
	allocs, _, _ := t.of(i, func(s sample) float64 { return s.allocs })
	return []string{fmt.Sprintf("%.1f", bytes), fmt.Sprintf("%.2f", allocs)}
}

func (t table) growthColumns() (header []string, row func(i int) []string) {
	return append([]string{"median, " + t.unitName, "min", "max", "× first row"}, spent...), func(i int) []string {
		return append(append(t.times(i), t.ratio(i, 0, "%.2f")), t.spent(i)...)
	}
}

func (t table) memoryColumns() (header []string, row func(i int) []string) {
	return []string{"median, " + t.unitName, "min", "max", "× limit", "× best peer", "goroutines"}, func(i int) []string {
		g, _, _ := t.of(i, func(s sample) float64 { return float64(s.goroutines) })
		return append(t.times(i), t.ratio(i, t.top(), "%.2f"), t.ratio(i, t.bestPeer(), "%.2f"), fmt.Sprint(int(g)))
	}
}

func (t table) delayColumns() (header []string, row func(i int) []string) {
	return []string{"holds", "p50, µs", "p99, µs", "max, µs", t.unitName, "speed, of the limit"}, func(i int) []string {
		if t.contenders[i].role == limit {
			return []string{"", "", "", "", t.time(i), t.share(i, t.top())}
		}
		return []string{
			string(t.contenders[i].bound),
			t.micros(i, func(s sample) time.Duration { return s.p50 }),
			t.micros(i, func(s sample) time.Duration { return s.p99 }),
			t.micros(i, func(s sample) time.Duration { return s.longest }),
			t.time(i), t.share(i, t.top()),
		}
	}
}

func (t table) teardownColumns() (header []string, row func(i int) []string) {
	return []string{"median, " + t.unitName, "min", "max", "× limit", "× best peer", "tasks left", "goroutines left"}, func(i int) []string {
		left, _, _ := t.of(i, tasksLeft)
		g, _, _ := t.of(i, func(s sample) float64 { return float64(s.goroutines) })
		return append(t.times(i), t.ratio(i, t.top(), "%.2f"), t.ratio(i, t.bestPeer(), "%.2f"), fmt.Sprint(left), fmt.Sprint(g))
	}
}

// share returns i's speed in percent of j's.
func (t table) share(i, j int) string {
	if j < 0 {
		return ""
	}
	mine, _, _ := t.of(i, t.figure)
	other, _, _ := t.of(j, t.figure)
	return fmt.Sprintf("%.0f%%", 100*other/mine)
}

func (t table) times(i int) []string {
	mid, lo, hi := t.of(i, t.figure)
	return []string{t.inUnit(mid), t.inUnit(lo), t.inUnit(hi)}
}

func (t table) time(i int) string {
	mid, _, _ := t.of(i, t.figure)
	return t.inUnit(mid)
}

func (t table) inUnit(ns float64) string { return short(ns / float64(t.unit)) }

func (t table) micros(i int, measure func(sample) time.Duration) string {
	mid, _, _ := t.of(i, func(s sample) float64 { return float64(measure(s)) })
	return short(mid / 1000)
}

// short formats v with three digits.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func (t table) notes() string {
	kept, all := 0, 0
	for _, samples := range t.samples {
		for _, s := range samples {
			if all++; s.disturbed {
				kept++
			}
		}
	}
	note := ""
	if best := t.bestPeer(); best >= 0 && t.layout != delay && t.rival == "" {
		note = "Best peer: " + t.contenders[best].name + ". "
	}
	if t.discarded > 0 {
		note += fmt.Sprintf("Runs that were disturbed and done again: %d. ", t.discarded)
	}
	if kept > 0 {
		note += fmt.Sprintf("**Disturbed all the same: %d of %d runs.** ", kept, all)
	}
	if note == "" {
		return ""
	}
	return "\n" + strings.TrimSpace(note) + "\n"
}

// render makes the page of a workload.
func render(w workload, tables []table, h *harness) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n\n%s\n", w.id, w.title, w.about)
	for _, t := range tables {
		b.WriteString(t.String())
	}
	if h.scale != fullScale {
		b.WriteString("\nMade with -short: not for figures.\n")
	}
	fmt.Fprintf(&b, "\nMade by `go -C bench run . -only %s`: %d repetitions, interleaved, GOMAXPROCS %d.\n%s\n", w.id, h.reps, runtime.GOMAXPROCS(0), environment())
	return b.String()
}

// environment says where and with which versions the figures were made.
func environment() string {
	versions := []string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if slices.Contains(peerModules, d.Path) {
				versions = append(versions, strings.TrimPrefix(d.Path, "github.com/")+" "+d.Version)
			}
		}
	}
	return fmt.Sprintf("%s, %d CPUs, %s/%s, %s, %s. turbopipes %s; %s.",
		model(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().UTC().Format(time.DateOnly),
		revision(), strings.Join(versions, ", "))
}

var peerModules = []string{
	"github.com/destel/rill", "github.com/reactivex/rxgo/v2", "github.com/reugn/go-streams",
	"github.com/samber/ro", "github.com/sourcegraph/conc", "golang.org/x/sync",
}

// model returns the processor's name, if the system reports it.
func model() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown CPU"
}

func revision() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "of an unknown revision"
	}
	return strings.TrimSpace(string(out))
}

func (h *harness) write(dir string, w workload, page string) error {
	if w.cells == nil {
		return h.writeCosts(dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, w.id+".md"), []byte(page), 0o644)
}
