package tptest

import (
	"fmt"
	"slices"
)

// exact reports whether j, which was not cut short, has delivered exactly the items
// that its one source has handed over. An early end of j then has to report its
// losses.
func (j *job) exact() bool {
	if len(j.s.jobs) != 1 || len(j.s.sources) != 1 || j.notes[len(j.notes)-1].kind != complete {
		return false
	}
	j.s.mu.Lock()
	defer j.s.mu.Unlock()
	return slices.Equal(sorted(j.s.handed), sorted(j.delivered))
}

// sorted returns the items as text, in an order that does not depend on theirs.
func sorted(items []any) []string {
	texts := make([]string, len(items))
	for i, v := range items {
		texts[i] = fmt.Sprintf("%T %v", v, v)
	}
	slices.Sort(texts)
	return texts
}

// unaccounted describes the items that an early end has lost without a report.
func (j *job) unaccounted() string {
	if j.cut() == nil || !j.s.seen[j.x.index].exact {
		return ""
	}
	j.s.mu.Lock()
	defer j.s.mu.Unlock()
	if len(j.s.handed) <= j.items+int(j.s.lost.Load()) {
		return "" // the sum is greater if an operator emits an item of its own instead
	}
	return fmt.Sprintf("of %d items that the source handed over, %d were delivered and %d reported lost: an operator forgets to call turbopipes.Lost",
		len(j.s.handed), j.items, j.s.lost.Load())
}

// delivers records an item that j gets, even one that it refuses.
func (j *job) delivers(v any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.delivered = append(j.delivered, v)
}
