package tptest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// judge compares the notes of j with the wanted ones, and reports differences.
func (s *Scenario) judge(j *job) {
	s.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	wanted := j.wanted()
	problems := slices.Clone(j.problems)
	j.problems = nil
	differ, more := "", ""
	if j.stops() {
		differ, more = j.differsStopped(wanted), " …|"
	} else {
		differ = differs(wanted, j.notes, j.slackOf(wanted))
	}
	if j.text != "" {
		problems = append(problems, j.text)
	}
	if text := j.unaccounted(); text != "" {
		problems = append(problems, text)
	}
	for _, stack := range j.left {
		problems = append(problems, "a goroutine was left behind:\n"+stack)
	}
	if differ == "" && len(problems) == 0 {
		if s.Whole() && !s.variant.checked {
			s.seen[j.x.index] = j.outcome()
		}
		return
	}
	if differ != "" {
		problems = slices.Insert(problems, 0, differ)
	}
	s.report(fmt.Sprintf("%s%s:%s\nwanted: %s%s\n   got: %s\n%s", j.place, s.variant.name, s.drawings(),
		render(signals(wanted)), more, render(signals(j.notes)), strings.Join(problems, "\n")))
}

// outcome returns the result of j, for the variants that are cut short.
func (j *job) outcome() *outcome {
	o := &outcome{once: j.x.once, unstopped: j.x.unstopped, from: j.from.Sub(j.origin), notes: slices.Clone(j.notes)}
	o.busy = j.s.busy(j.origin)
	o.exact = j.exact()
	for _, n := range o.notes {
		o.busy[int(n.at/Step)] = true
	}
	o.until = o.notes[len(o.notes)-1].at
	if after, ok := j.cancelAfter(); ok {
		o.until = min(o.until, after)
	}
	return o
}

// slackOf returns how much later than wanted the end may come.
func (j *job) slackOf(wanted []note) time.Duration {
	if wanted[len(wanted)-1].kind != cancelled {
		return 0
	}
	return j.slack()
}

// wanted returns the notes that j should have in this variant.
func (j *job) wanted() []note {
	c := j.cut()
	if c == nil {
		all := make([]note, len(j.x.want))
		for i, w := range j.x.want {
			all[i] = note{time.Duration(w.at) * Step, w.kind, w.key}
		}
		last := &all[len(all)-1]
		if last.kind == cancelled {
			last.at = j.whenFree(all[:len(all)-1], last.at+Step/2)
		}
		return all
	}
	whole := j.s.seen[j.x.index].notes
	n := c.items
	if n == 0 {
		for n < len(whole)-1 && whole[n].at < c.after {
			n++
		}
		if c.stops {
			return slices.Clone(whole[:n])
		}
		return append(slices.Clone(whole[:n]), note{at: j.whenFree(whole[:n], c.after), kind: cancelled})
	}
	return append(slices.Clone(whole[:n]), note{at: whole[n-1].at + j.x.busy, kind: cancelled})
}

// whenFree returns at, or the time when downstream has processed the last of items,
// if that is later.
func (j *job) whenFree(items []note, at time.Duration) time.Duration {
	if len(items) == 0 {
		return at
	}
	return max(at, items[len(items)-1].at+j.x.busy)
}

func signals(notes []note) []signal {
	all := make([]signal, len(notes))
	for i, n := range notes {
		all[i] = signal{int(n.at / Step), n.kind, n.key}
	}
	return all
}

// differs describes the first difference, or returns "".
func differs(wanted, got []note, slack time.Duration) string {
	for i := range max(len(wanted), len(got)) {
		switch {
		case i >= len(got):
			return "wanted " + inColumn(wanted[i]) + ", got nothing more"
		case i >= len(wanted):
			return "wanted nothing more, got " + inColumn(got[i])
		}
		w, g := wanted[i], got[i]
		same := w.kind == g.kind && w.key == g.key
		late := i == len(wanted)-1 && g.at >= w.at && g.at <= w.at+slack
		if !same || !late && w.at/Step != g.at/Step {
			return "wanted " + inColumn(w) + ", got " + inColumn(g)
		}
	}
	return ""
}

func inColumn(n note) string {
	return fmt.Sprintf("%v in column %d", signal{kind: n.kind, key: n.key}, n.at/Step)
}

// lateProblems returns the problems since j was judged.
func (j *job) lateProblems() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.problems
}
