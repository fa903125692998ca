package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// chart is a picture of a page of results.
type chart struct {
	file, page  string
	title, unit string
	kind        kind
	column      string   // the column of the figures; "median" when empty
	only        string   // take only tables whose name has this suffix, and cut it off
	skip        []string // rows to leave out
	cut         string   // cut this text out of the rows' names
	shared      bool     // one scale for all tables
}

type kind int

const (
	bars   kind = iota // a bar for each row
	dots               // the same on a logarithmic scale
	ranges             // p50 to p99, logarithmic
	curves             // a line for each table, over the numbers in the rows' names
)

var charts = []chart{
	{file: "W1", page: "W1", title: "A chain of Map and Filter", unit: "ns per item and stage", kind: dots, shared: true},
	{file: "W2", page: "W2", title: "A parallel map over a function that costs nothing", unit: "ns per item", skip: []string{"conc iter.Map: slices"}, shared: true, cut: " Parallel"},
	{file: "W3-n2", page: "W3", title: "A parallel map over tasks that use the processor, 2 at a time", unit: "speed, of the limit", column: "speed", only: " of CPU, n = 2", shared: true, cut: " Parallel"},
	{file: "W3-n8", page: "W3", title: "A parallel map over tasks that use the processor, 8 at a time", unit: "speed, of the limit", column: "speed", only: " of CPU, n = 8", shared: true, cut: " Parallel"},
	{file: "W5", page: "W5", title: "The memory of 100,000 blocked tasks", unit: "bytes per task"},
	{
		file: "W6", page: "W6", title: "A parallel map that keeps the order", unit: "ns per item", cut: " Parallel, Ordered",
		skip: []string{"turbopipes Parallel, unordered", "turbopipes Parallel, Buffered(64), unordered"},
	},
	{file: "W8", page: "W8", title: "Merging 8 sources", unit: "ns per item", skip: []string{"ro Merge"}, cut: " Merge"},
	{file: "W8b", page: "W8b", title: "Flattening streams of 100 items, 8 at a time", unit: "ns per item"},
	{file: "W9", page: "W9", title: "Batches of 100", unit: "ns per item"},
	{file: "W10", page: "W10", title: "One source, many subscribers", unit: "ns per item and subscriber", kind: dots, cut: ", AutoConnect"},
	{file: "W11", page: "W11", title: "The SHA-256 of each file of Go's source", unit: "ms"},
	{file: "latency", page: "latency", title: "From the end of a task to the delivery of its result", unit: "µs, p50 to p99", kind: ranges, cut: " Parallel"},
	{file: "operators", page: "operators", title: "The operators that cost most, above code by hand that is as strict", unit: "ns per item, above the floor", kind: dots},
	{file: "growth", page: "growth", title: "The cost of an item as things grow", unit: "ns", kind: curves},
}

// drawCharts draws the charts for which there are results.
func drawCharts(resultsDir, dir string) error {
	files, err := drawn(resultsDir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// drawn returns the charts by their file names. There are two for each chart: GitHub
// shows the one that fits the reader's theme.
func drawn(resultsDir string) (map[string]string, error) {
	files := map[string]string{}
	for _, c := range charts {
		r, err := readResults(resultsDir, c.page)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, err
		}
		r.tables = c.choose(r.tables)
		for _, t := range themes {
			files[c.file+"-"+t.name+".svg"] = c.draw(r, t)
		}
	}
	return files, nil
}

// shorter makes the names of tables fit beside each other.
var shorter = strings.NewReplacer(" of CPU", "", ", a free function", "", "free function", "free")

// choose keeps the tables and rows that the chart shows.
func (c chart) choose(all []resultTable) (chosen []resultTable) {
	for _, t := range all {
		name, ok := strings.CutSuffix(t.name, c.only)
		if !ok {
			continue
		}
		t.name = shorter.Replace(name)
		t.rows = slices.DeleteFunc(slices.Clone(t.rows), func(r resultRow) bool {
			_, _, ok := c.figures(t, r)
			return !ok || slices.Contains(c.skip, r.name)
		})
		for i := range t.rows {
			t.rows[i].name = strings.Replace(t.rows[i].name, c.cut, "", 1)
		}
		chosen = append(chosen, t)
	}
	return chosen
}
