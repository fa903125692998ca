package main

import (
	"strings"
	"testing"
)

// Every contender of every workload returns the right results.
func TestWorkloads(t *testing.T) {
	for _, w := range workloads {
		t.Run(w.id, func(t *testing.T) {
			page, wrong := quickHarness(tinyScale).measure(w)
			if wrong > 0 || strings.Contains(page, "NaN") {
				t.Errorf("%d wrong results:\n%s", wrong, page)
			}
		})
	}
}

func TestChoose(t *testing.T) {
	got, err := choose("w3, latency")
	if err != nil || len(got) != 2 || got[0].id != "W3" || got[1].id != "latency" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := choose("W99"); err == nil {
		t.Error("W99 was accepted")
	}
}
