// Command bench runs turbopipes beside other Go libraries, and beside code
// written by hand, on the same work.
//
// All contenders of a table run interleaved in this one process. The results of each
// run are checked. The figures are medians. Compare the ratios within a table, not
// the absolute figures. Tables go to standard output and to results/.
//
//	go -C bench run .                   everything
//	go -C bench run . -only W2,W3       some workloads
//	go -C bench run . -short            does it work? No figures, nothing written
//	go -C bench run . -charts           draw charts/ from results/; a run does that too
//	go -C bench run . -only operators -match 'Zip|Merge'   some rows of the cost table
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// workloads are in the order in which they run.
var workloads = []workload{
	chains, free, cpu, sleeps, blockedTasks, ordered, disposal, merging, flattening, batches, sharing, hashing, latency,
	breakEven, growing, subscribing, costTable,
}

func main() {
	only := flag.String("only", "", "workloads to run, as in W2,W3; all when empty")
	reps := flag.Int("reps", 9, "repetitions of each contender")
	short := flag.Bool("short", false, "little work, once: to see that it works")
	out := flag.String("out", resultsDir, "directory for the tables; with -short nothing is written")
	list := flag.Bool("list", false, "list the workloads")
	match := flag.String("match", "", "rows of the cost table, as in 'Zip|Merge', in any case; prints them, and writes nothing")
	keep := flag.Bool("merge", false, "with -match: write these rows into the results")
	onlyCharts := flag.Bool("charts", false, "only draw the charts of the results that there are")
	flag.Parse()

	if *onlyCharts {
		draw(*out)
		return
	}
	chosen, err := choose(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if *list {
		for _, w := range chosen {
			fmt.Printf("%-8s %s\n", w.id, w.title)
		}
		return
	}
	h := newHarness(*reps)
	if *short {
		h = quickHarness(shortScale)
	}
	h.match, h.merge = *match, *keep
	wrong := 0
	for _, w := range chosen {
		page, bad := h.measure(w)
		wrong += bad
		fmt.Print(page)
		if *short || *match != "" && !*keep {
			continue
		}
		if err := h.write(*out, w, page); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
	if !*short && (*match == "" || *keep) {
		draw(*out)
	}
	if wrong > 0 {
		fmt.Fprintln(os.Stderr, "bench: wrong results:", wrong)
		os.Exit(1)
	}
}

const (
	resultsDir = "results"
	chartsDir  = "charts"
)

// draw draws the charts of the results in out. Charts of the results in the tree have
// a folder of their own.
func draw(out string) {
	dir := out
	if out == resultsDir {
		dir = chartsDir
	}
	if err := drawCharts(out, dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// choose returns the workloads that only names.
func choose(only string) ([]workload, error) {
	if only == "" {
		return workloads, nil
	}
	var chosen []workload
	for id := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(workloads, func(w workload) bool { return strings.EqualFold(w.id, strings.TrimSpace(id)) })
		if i < 0 {
			return nil, fmt.Errorf("no workload %q; -list shows them", id)
		}
		chosen = append(chosen, workloads[i])
	}
	return chosen, nil
}
