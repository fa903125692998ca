package chaos

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// tries is the number of runs without a violation after which a smaller plan counts as
// sound.
const tries = 60

// shrink looks for a smaller plan with a violation of the same kind.
func shrink(t *testing.T, p random, bad []string) (random, []string) {
	end := time.Now().Add(5 * time.Second)
	for again := true; again; {
		again = false
		for _, smaller := range p.shrunk() {
			if b := fails(t, smaller, bad, end); len(b) > 0 {
				p, bad, again = smaller, b, true
				break
			}
		}
	}
	return p, bad
}

// fails runs a plan until it violates something of the same kind as before, or until end.
func fails(t *testing.T, p random, before []string, end time.Time) []string {
	for range tries {
		if time.Now().After(end) {
			return nil
		}
		if bad := p.play(t); len(bad) > 0 && kind(bad) == kind(before) {
			return bad
		}
	}
	return nil
}

// kind returns the text of a violation without its numbers.
func kind(bad []string) string {
	text, _, _ := strings.Cut(bad[0], ":")
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, text)
}

// shrunk returns plans that are a bit smaller than p.
func (p plan) shrunk() (all []random) {
	for _, stages := range shrunkChain(p.Stages) {
		q := p
		q.Stages = stages
		all = append(all, q)
	}
	for i := range p.Faults {
		q := p
		q.Faults = slices.Delete(slices.Clone(p.Faults), i, i+1)
		all = append(all, q)
	}
	change := func(do func(q *plan)) {
		q := p
		if do(&q); q.String() != p.String() {
			all = append(all, q)
		}
	}
	change(func(q *plan) { q.Cut = cut{How: "none"} })
	change(func(q *plan) { q.Request = 0 })
	change(func(q *plan) { q.Source.Gap = 0 })
	change(func(q *plan) { q.Source.Kind = "FromSlice" })
	change(func(q *plan) { q.Source.Kind = "Create" })
	change(func(q *plan) { q.Source.N /= 2 })
	change(func(q *plan) { q.Source.N = max(0, q.Source.N-1) })
	change(func(q *plan) {
		if q.Cut.How != "none" && q.Cut.How != "stop" {
			q.Consume, q.Cut.How = "Subscribe", "dispose"
		}
	})
	return all
}

// shrunkChain returns the chains with one stage less, or with smaller inner streams.
func shrunkChain(steps []step) (all [][]step) {
	for i := range steps {
		all = append(all, slices.Delete(slices.Clone(steps), i, i+1))
	}
	for i, s := range steps {
		for _, inner := range shrunkChain(s.Inner) {
			q := slices.Clone(steps)
			q[i].Inner = inner
			all = append(all, q)
		}
		if s.Wide {
			q := slices.Clone(steps)
			q[i].Wide = false
			all = append(all, q)
		}
		if s.Other.N > 1 {
			q := slices.Clone(steps)
			q[i].Other.N /= 2
			all = append(all, q)
		}
	}
	return all
}
