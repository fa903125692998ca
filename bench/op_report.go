package main

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

var costTable = workload{id: "operators", title: "the cost of every operator, source, subject and strategy"}

// measureCosts measures the rows that h.match selects, and returns them as a page.
func (h *harness) measureCosts() (page string, wrong int) {
	var b strings.Builder
	h.costs = costResults{Made: environment()}
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
	fmt.Fprintf(&b, "\n%d repetitions, interleaved, GOMAXPROCS %d. %s\n", h.reps, runtime.GOMAXPROCS(0), h.costs.Made)
	return b.String(), wrong
}

// String returns the table of a row.
func (r costResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n", r.title())
	b.WriteString("| contender | ns per item | turbopipes to it | bytes | allocations | set-up, ns | set-up, allocations |\n|---|---:|---:|---:|---:|---:|---:|\n")
	line := func(name, ratio string, item, setUp spending) {
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

// inChart is the number of rows in the chart of those that cost most.
const inChart = 40

// readWorst returns the rows that cost most above their floors, the worst first.
func readWorst(dir string) (results, error) {
	r, err := readCosts(dir)
	if err != nil {
		return results{}, err
	}
	worst := resultTable{columns: []string{"median"}}
	above := func(row costResult) float64 { return row.Item.NS - row.floor().Item.NS }
	slices.SortStableFunc(r.Rows, func(a, b costResult) int { return cmp.Compare(above(b), above(a)) })
	for _, row := range r.Rows {
		if ns := above(row); !row.Subscription && ns > 0 && len(worst.rows) < inChart {
			worst.rows = append(worst.rows, resultRow{row.title(), ours, []string{short(ns)}})
		}
	}
	made, _, _ := strings.Cut(r.Made, ". turbopipes ")
	return results{tables: []resultTable{worst}, made: made}, nil
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
