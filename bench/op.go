package main

import (
	"fmt"
	"strings"
)

// The cost table has a row for each operator, source, subject and strategy, and more
// rows for important variants. A row is a declaration: what runs, and what is beside it.

// adder takes a result.
type adder = func(v int)

// way does the work of a row. One way of a row is turbopipes, the others do the same
// by hand or with another library.
type way struct {
	name string
	role role // ours, limit for the floor, peer, or reference
	run  func(n int, add adder)
}

// row is a line of the cost table.
type row struct {
	name    string // as declared: Zip
	variant string // how it is used, if there are several: "Buffered(64)"
	per     int    // items of one unit, 1 if it is 0
	units   int    // of a run; if it is 0, as many as have itemsPerRun items
	outcome outcome
	needs   float64 // allocations per item that the output needs
	ways    []way
	goals   []goal

	subscription bool // a unit is a subscription, whose cost is the set-up
}

// rowFamily is a heading of the table, and its rows.
type rowFamily struct {
	title string
	rows  []row
}

// outcome says how the results of a run are compared.
type outcome int

const (
	inOrder   outcome = iota // all of them, in their order
	anyOrder                 // all of them
	lastOne                  // the last of them: how many there are depends on the clock
	someCount                // at least one, because which of them depends on the clock
	unchecked                // any, because even the first one depends on the clock
)

// goal is a figure that a row must reach.
type goal struct {
	than   string  // the way to compare with; "" for allocations
	times  float64 // at most so many times its time
	above  float64 // or at most so many ns more
	allocs float64 // or at most so many allocations per item
}

func atMost(times float64, than string) goal { return goal{than: than, times: times} }
func within(ns float64, than string) goal    { return goal{than: than, above: ns} }
func allocating(most float64) goal           { return goal{allocs: most} }

func (g goal) String() string {
	switch {
	case g.times > 0:
		return fmt.Sprintf("≤ %v × %s", g.times, g.than)
	case g.than != "":
		return fmt.Sprintf("≤ %v ns + %s", g.above, g.than)
	}
	return fmt.Sprintf("≤ %v allocations", g.allocs)
}

// repeated subscribes n times to a stream of one item.
func repeated(w way) way {
	return way{w.name, w.role, func(n int, add adder) {
		for range n {
			w.run(1, add)
		}
	}}
}

// title is the name of a row in a table.
func (r row) title() string { return rowTitle(r.name, r.variant) }

func rowTitle(name, variant string) string {
	return strings.TrimSuffix(name+", "+variant, ", ")
}

// items returns the number of items of n units.
func (r row) items(n int) int { return n * max(r.per, 1) }

// unitsOf returns the number of units of a run.
func (r row) unitsOf(s scale) int {
	units := r.units
	if units == 0 {
		units = itemsPerRun / max(r.per, 1)
	}
	return s.of(units)
}

// itemsPerRun is large, so that the set-up does not count in the cost of an item.
const itemsPerRun = 10_000

// oracle returns the way whose results are right by definition: the first one by
// hand, or turbopipes where there is no other.
func (r row) oracle() way {
	for _, w := range r.ways {
		if w.role == limit {
			return w
		}
	}
	return r.ways[0]
}

// costFamilies is the cost table.
func costFamilies() []rowFamily {
	return []rowFamily{
		{"Creation", creationRows()},
		{"Parallel work", parallelRows()},
		{"Transforming", transformingRows()},
		{"Windows and groups", windowRows()},
		{"Filtering", filteringRows()},
		{"Combining", combiningRows()},
		{"Errors", errorRows()},
		{"Time", timeRows()},
		{"Backpressure", backpressureRows()},
		{"Conditional", conditionalRows()},
		{"Aggregates", aggregateRows()},
		{"Hot streams", hotRows()},
		{"Utilities", utilityRows()},
		{"RxGo", rxgoRows()},
		{"Writing operators", writingRows()},
	}
}
