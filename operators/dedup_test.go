package operators_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestDedup(t *testing.T) {
	dedup := func(capacity, steps int) turbopipes.Operator[string, string] {
		return operators.Dedup(operators.Self[string], capacity, time.Duration(steps)*tptest.Step)
	}
	tptest.Doc(t, "dedup.go", "Dedup", dedup(2, 5))
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"empty":                          {dedup(2, 0), "--|", "--|"},
		"one":                            {dedup(2, 0), "-a-|", "-a-|"},
		"repeats":                        {dedup(2, 0), "abab-----a|", "ab--------|"},
		"the oldest is forgotten first":  {dedup(2, 0), "abcb-a|", "abc--a|"},
		"a repeat makes none newer":      {dedup(2, 0), "abaca|", "ab-ca|"},
		"only the last one":              {dedup(1, 0), "aabba|", "a-b-a|"},
		"a ttl from the first":           {dedup(9, 4), "a-a-a-a|", "a---a--|"},
		"at the very end of the ttl":     {dedup(9, 3), "a--a--a|", "a--a--a|"},
		"each its own ttl":               {dedup(9, 4), "ab-abab|", "ab---ab|"},
		"what has expired takes no room": {dedup(2, 3), "a--bca-b|", "a--bca-b|"},
		"an error at first":              {dedup(2, 4), "#", "#"},
		"an error later":                 {dedup(2, 4), "-aa#", "-a-#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out) })
	}
	requireInvalid(t, operators.Dedup[int, int](nil, 1, 0), "Dedup: key is nil")
	requireInvalid(t, operators.Dedup(operators.Self[int], 0, 0), "Dedup: n is 0, want at least 1")
	requireInvalid(t, operators.Dedup(operators.Self[int], 1, -1), "Dedup: ttl is -1ns, want at least 0")
	requirePanics(t, operators.Dedup(func(string) int { panic(errBoom) }, 1, 0))
}

// Each subscription remembers its own keys, and uses memory only for them.
func TestDedupBeginsAnew(t *testing.T) {
	o := operators.Dedup(operators.Self[int], math.MaxInt, time.Hour)(turbopipes.Just(1, 2, 1))
	for range 2 {
		items, err := o.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{1, 2}, items)
	}
}

func ExampleDedup() {
	type order struct {
		id   string
		item string
	}
	delivered := turbopipes.Just(order{"o1", "tea"}, order{"o2", "milk"}, order{"o1", "tea"}, order{"o3", "tea"})
	once := operators.Dedup(func(o order) string { return o.id }, 1000, time.Minute)(delivered)
	fmt.Println(once.Collect(context.Background()))
	// Output: [{o1 tea} {o2 milk} {o3 tea}] <nil>
}

func BenchmarkDedup(b *testing.B) {
	b.Run("new", func(b *testing.B) { benchmark(b, operators.Dedup(operators.Self[int], 100, 0)) })
	b.Run("new,ttl", func(b *testing.B) { benchmark(b, operators.Dedup(operators.Self[int], 100, time.Second)) })
	b.Run("known", func(b *testing.B) { benchmark(b, operators.Dedup(func(v int) int { return v & 7 }, 100, 0)) })
}
