package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// parseResults reads what render has written.
func TestParseResults(t *testing.T) {
	c := cell{name: "one", layout: efficiency, per: 1, unit: 1, unitName: "ns", contenders: []contender{
		{name: "loop", role: limit}, {name: "turbopipes", role: ours}, {name: "rill", role: peer},
	}}
	times := func(ns ...float64) (all []sample) {
		for _, v := range ns {
			all = append(all, sample{ns: v})
		}
		return all
	}
	all := table{cell: c, warm: make([]sample, 3), samples: [][]sample{times(9, 10, 11), times(20), times(1234)}}
	r := parseResults(render(workload{id: "X", title: "x"}, []table{all}, quickHarness(fullScale)))
	if len(r.tables) != 1 || r.tables[0].name != "one" || !strings.Contains(r.made, "CPUs") {
		t.Fatalf("got %+v", r)
	}
	got := r.tables[0]
	for i, want := range []struct {
		name          string
		role          role
		median, speed float64
	}{{"loop", limit, 10, 100}, {"turbopipes", ours, 20, 50}, {"rill", peer, 1234, 1}} {
		row := got.rows[i]
		median, _ := got.figure(row, "median")
		speed, _ := got.figure(row, "speed")
		if row.name != want.name || row.role != want.role || median != want.median || speed != want.speed {
			t.Errorf("row %d: got %+v, %v, %v, want %+v", i, row, median, speed, want)
		}
	}
	if _, ok := got.figure(got.rows[0], "no such column"); ok {
		t.Error("a column that isn't there has a figure")
	}
}

// Each page that exists has its tables and figures.
func TestResultPages(t *testing.T) {
	pages, err := filepath.Glob("results/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, page := range pages {
		id := strings.TrimSuffix(filepath.Base(page), ".md")
		if !slices.ContainsFunc(workloads, func(w workload) bool { return w.id == id }) {
			t.Errorf("%s is of no workload", page)
		}
		r, err := readResults("results", id)
		if err != nil || len(r.tables) == 0 || r.made == "" {
			t.Errorf("%s: %+v, %v", page, r, err)
		}
		for _, table := range r.tables {
			for _, row := range table.rows {
				if len(row.figures) != len(table.columns) {
					t.Errorf("%s, %s: %d figures in %d columns", page, row.name, len(row.figures), len(table.columns))
				}
			}
		}
	}
}

// The charts in the tree belong to the results in the tree, and are well-formed.
func TestCharts(t *testing.T) {
	files, err := drawn("results")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join("charts", name)); err != nil || string(got) != want {
			t.Errorf("charts/%s is not what the results give (%v); draw it by: go -C bench run . -charts", name, err)
		}
		if strings.Contains(want, "NaN") || strings.Contains(want, "Inf") {
			t.Errorf("charts/%s has a place that is no number", name)
		}
		decoder := xml.NewDecoder(strings.NewReader(want))
		for err = nil; err == nil; {
			_, err = decoder.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("charts/%s: %v", name, err)
		}
	}
	there, _ := filepath.Glob("charts/*.svg")
	for _, path := range there {
		if files[filepath.Base(path)] == "" {
			t.Errorf("%s has no results", path)
		}
	}
}

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{0.65: "0.65", 2: "2", 4.1: "4.1", 20.4: "20.4", 30: "30", 100: "100", 51087: "51,087", 1e6: "1,000,000"} {
		if got := figure(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}
