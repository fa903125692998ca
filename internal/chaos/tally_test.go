package chaos

import (
	"fmt"
	"maps"
	"slices"
)

// tally counts the properties of the runs. It shows whether the generator is any good:
// if all its plans end at once, it finds nothing.
type tally map[string]int

func (t tally) add(r *run) {
	w := r.w
	t["runs"]++
	t["items handed over"] += int(w.handed.Load())
	t["items delivered"] += len(r.got)
	t["items lost"] += int(w.lost.Load())
	t["items failed"] += int(w.failed.Load())
	t["faults fired"] += len(w.fired)
	if r.cut {
		t["cut"]++
	}
	if r.err != nil {
		t["ended with an error"]++
	}
	if exactPlan(w.plan) {
		t["exact"]++
		if w.lost.Load() > 0 {
			t["exact with losses"]++
		}
		if w.failed.Load() > 0 {
			t["exact with failures"]++
		}
	}
}

func (t tally) String() string {
	out := ""
	for _, name := range slices.Sorted(maps.Keys(t)) {
		out += fmt.Sprintf("%s: %d; ", name, t[name])
	}
	return out
}

var sum = tally{}
