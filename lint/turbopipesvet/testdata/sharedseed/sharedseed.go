// Package sharedseed has seeds that subscriptions share.
package sharedseed

import (
	"maps"
	"strings"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

type stats struct {
	n     int
	names []string
}

type counts map[string]int

func noCounts() counts { return counts{} }

func count(n map[string]int, v string) map[string]int {
	n[v]++
	return n
}

func shared(size int) {
	_ = operators.Scan(map[string]int{}, count)                         // want `the seed of Scan is a map, which all subscriptions and retries share: use ScanWith, which makes a seed for each`
	_ = operators.Reduce(make(map[string]int, size), count)             // want `the seed of Reduce is a map, which all subscriptions and retries share: use ReduceWith, which makes a seed for each`
	_ = operators.Scan[string, map[string]int](map[string]int{}, count) // want `the seed of Scan is a map`
	_ = operators.Scan(noCounts(), func(n counts, v string) counts {    // want `the seed of Scan is a map`
		n[v]++
		return n
	})
	_ = operators.Reduce(&stats{}, func(s *stats, v string) *stats { // want `the seed of Reduce is a pointer`
		s.n++
		return s
	})
	_ = operators.Reduce(new(strings.Builder), func(b *strings.Builder, v string) *strings.Builder { // want `the seed of Reduce is a pointer`
		b.WriteString(v)
		return b
	})
	_ = operators.Scan(make([]string, 0, size), func(all []string, v string) []string { // want `the seed of Scan is a slice`
		return append(all, v)
	})
	_ = operators.Scan(make(chan string, 1), func(c chan string, v string) chan string { // want `the seed of Scan is a channel`
		c <- v
		return c
	})
	_ = operators.Scan(&stats{}, func(s *stats, v string) *stats { // want `the seed of Scan is a pointer`
		s.names[0] = v
		return s
	})
	_ = operators.Reduce(&stats{}, func(s *stats, v string) *stats { // want `the seed of Reduce is a pointer`
		first := &s.n
		*first = len(v)
		return s
	})
	_ = operators.Reduce(&stats{}, func(s *stats, v string) *stats { // want `the seed of Reduce is a pointer`
		for s.n = range v {
		}
		return s
	})
	common := map[string]int{}
	_ = operators.Scan(common, count) // want `the seed of Scan is a map`
}

func own(o tp.Observable[string]) {
	_ = operators.ScanWith(func() map[string]int { return map[string]int{} }, count)
	_ = operators.ReduceWith(noCounts, func(n counts, v string) counts { return n })
	_ = operators.Scan(0, func(n int, v string) int { return n + len(v) })
	_ = operators.Scan(stats{}, func(s stats, v string) stats { s.n++; return s })
	_ = operators.Scan([]string(nil), func(all []string, v string) []string { return append(all, v) })
	_ = operators.Scan([]string{}, func(all []string, v string) []string { return append(all, v) })
	_ = operators.Scan[string, map[string]int](nil, func(n map[string]int, v string) map[string]int {
		n = maps.Clone(n)
		n[v]++
		return n
	})
	longest := &stats{}
	_ = operators.Reduce(longest, func(s *stats, v string) *stats { // it only reads
		if len(v) > (s.n) {
			return &stats{n: len(v)}
		}
		return s
	})
	_ = operators.Scan(map[string]bool{"": true}, func(seen map[string]bool, v string) map[string]bool {
		if _, ok := seen[v]; ok || len(seen) > 10 || !seen[""] {
			return seen
		}
		next := maps.Clone(seen)
		next[v] = true
		return next
	})
}
