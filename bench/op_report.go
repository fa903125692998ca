package main

import (
	"fmt"
	"runtime"
	"strings"
)

var costTable = workload{id: "operators", title: "the cost of every operator, source, subject and strategy"}

// measureCosts measures the rows that h.match selects, and returns them as a page.
func (h *harness) measureCosts() (page string, wrong int) {
	var b strings.Builder
	h.costs = costResults{Made: fmt.Sprintf("%d repetitions, interleaved, GOMAXPROCS %d. %s", h.reps, runtime.GOMAXPROCS(0), environment())}
	family := ""
	for _, p := range h.prices(h.match) {
		r := p.result()
		h.costs.Rows = append(h.costs.Rows, r)
		if p.family != family {
			family = p.family
			fmt.Fprintf(&b, "\n## %s\n", family)
		}
		b.WriteString(r.String())
		if p.disturbed > 0 {
			fmt.Fprintf(&b, "\n**Disturbed: %d of %d rounds.**\n", p.disturbed, h.reps)
		}
		for _, text := range p.wrong {
			fmt.Fprintf(&b, "\nWRONG: %s\n", text)
			wrong++
		}
	}
	if missed := h.costs.missed(); len(missed) > 0 && h.scale == fullScale {
		fmt.Fprintf(&b, "\n## Missed\n\n%s\n", strings.Join(missed, "\n"))
	}
	fmt.Fprintf(&b, "\n%s\n", h.costs.Made)
	return b.String(), wrong
}

// String returns the table of a row.
func (r costResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n", r.title())
	b.WriteString("| contender | ns per item | turbopipes to it | bytes | allocations | set-up, ns | set-up, allocations |\n|---|---:|---:|---:|---:|---:|---:|\n")
	line := func(name, ratio string, item, setUp cost3) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %.0f |\n", name, short(item.NS), ratio,
			short(item.Bytes), short(item.Allocs), short(setUp.NS), setUp.Allocs)
	}
	line("**"+oursName+"**", "", r.Item, r.SetUp)
	for _, w := range r.Ways {
		name := w.Name
		if w.Role == roleNames[limit] {
			name += " (floor)"
		}
		line(name, fmt.Sprintf("%.2f", w.Ratio), w.Item, w.SetUp)
	}
	b.WriteString("\n")
	for _, g := range r.Goals {
		fmt.Fprintf(&b, "- %s\n", g)
	}
	return b.String()
}

// missed lists the goals that were not met.
func (r costResults) missed() (all []string) {
	for _, row := range r.Rows {
		for _, g := range row.Goals {
			if !g.Met {
				all = append(all, fmt.Sprintf("- %s: %s", row.title(), g))
			}
		}
	}
	return all
}

// writeCosts writes the results. With h.merge the rows that were not measured stay.
func (h *harness) writeCosts(dir string) error {
	r := h.costs
	if h.match != "" {
		old, err := readCosts(dir)
		if err != nil {
			return err
		}
		r = old.with(h.costs)
	}
	return r.write(dir)
}
