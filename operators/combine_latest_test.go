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

// drawn is a case of an operator with several upstreams.
type drawn struct {
	in   []string // the main one first
	out  string
	opts []tptest.Option
}

// expectAll draws the upstreams of each case, and checks the result of apply.
func expectAll(t *testing.T, cases map[string]drawn, apply func(in []turbopipes.Observable[string]) turbopipes.Observable[string]) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				in := make([]turbopipes.Observable[string], len(c.in))
				for i, diagram := range c.in {
					in[i] = tptest.Cold[string](s, diagram, nil)
				}
				tptest.Expect(s, apply(in), c.out, nil, c.opts...)
			})
		})
	}
}

// nothing completes after a second, without an item.
func nothing() turbopipes.Observable[int] {
	return operators.Filter(func(int) bool { return false })(timed(1))
}

// two makes the upstreams of a case.
func two(a, b string) []string { return []string{a, b} }

func busyFor(columns time.Duration) []tptest.Option {
	return []tptest.Option{tptest.Busy(columns * tptest.Step)}
}

func TestCombineLatest(t *testing.T) {
	doc := tptest.DocDiagram(t, "combine_latest.go", "CombineLatest")
	expectAll(t, map[string]drawn{
		"as documented":                   {two(doc["a"], doc["b"]), doc["out"], nil},
		"one is empty":                    {two("a---b-|", "--|"), "--|", nil}, // 10
		"the other is empty":              {two("--|", "a---b-|"), "--|", nil},
		"both are":                        {two("--|", "---|"), "--|", nil},
		"one ends before the other comes": {two("a|", "---1-2-|"), "3:{a1} 5:{a2} 7:|", nil},
		"the other ends before":           {two("---a-b-|", "1|"), "3:{a1} 5:{b1} 7:|", nil},
		"the newest of those before":      {two("abc-----|", "----1---|"), "4:{c1} 8:|", nil},
		"each in turn":                    {two("a---c---|", "--b---d-|"), "2:{ab} 4:{cb} 6:{cd} 8:|", nil},
		"one says nothing":                {two("a-b-", "----"), "----!", nil},
		"an error at first":               {two("#", "-1|"), "#", nil},
		"an error at first, in the other": {two("a-|", "#"), "#", nil},
		"an error later":                  {two("a--#", "-1-2|"), "1:{a1} 3:#", nil},
		"an error later, in the other":    {two("a-b-", "-1--#"), "1:{a1} 2:{b1} 4:#", nil},
		"a busy downstream":               {two("a-b------|", "-1------2|"), "1:{a1} 6:{b1} 11:{b2} 16:|", busyFor(5)},
	}, func(in []turbopipes.Observable[string]) turbopipes.Observable[string] {
		return operators.CombineLatest(in[1], joined)(in[0])
	})
	requireInvalid(t, operators.CombineLatest(turbopipes.Observable[string]{}, joined), "CombineLatest: other is the zero Observable")
	requireInvalid(t, operators.CombineLatest[string, string, string](turbopipes.Just("b"), nil), "CombineLatest: fn is nil")
	requirePanics(t, operators.CombineLatest(turbopipes.Just("b"), func(string, string) int { panic(errBoom) }))
}

// Both sides begin at once. A side that is no longer needed is cancelled and reaped.
func TestCombineLatestReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "a---b--", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^---!"))
		b := tptest.Cold[string](s, "--|", nil, tptest.Subscribed("^-!"))
		tptest.Expect(s, operators.CombineLatest(b, joined)(a), "----|", nil, tptest.Once())
	})
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "a--#", nil, tptest.Subscribed("^--!"))
		b := tptest.Cold[string](s, "-1-----", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!"))
		tptest.Expect(s, operators.CombineLatest(b, joined)(a), "1:{a1} 5:#", nil, tptest.Once())
	})
	bubble(t, "clean-up fails", func(t *testing.T) {
		failing := failingCleanUp[int](errLate)
		require.EqualError(t, operators.CombineLatest(failing, sum)(boom[int](time.Second)).Drain(t.Context()), "boom\nlate")
		require.Equal(t, errLate, operators.CombineLatest(failing, sum)(nothing()).Drain(t.Context()), "also at a completion")
	})
}

// Every combination is delivered: both sides wait for a busy downstream, each with an
// item in hand.
func TestCombineLatestHoldsItsSides(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a, b counting
		s := endedBy(t, operators.CombineLatest(b.stream(math.MaxInt), sum)(a.stream(math.MaxInt)), time.Second, 2500*time.Millisecond, dispose)
		require.Len(t, s.items, 3, "the third is with downstream")
		require.Equal(t, a.accepted.Load()+b.accepted.Load()+2, a.begun.Load()+b.begun.Load())
		require.EqualValues(t, 2, s.stats.Discarded, "in the hands of its sides")
	})
}

// An item that waits for the other side's first item counts as lost at an early end,
// but not at a completion.
func TestCombineLatestDiscards(t *testing.T) {
	for name, c := range map[string]struct {
		other turbopipes.Observable[int]
		end   func(*testing.T, *turbopipes.Subscription)
		err   error
		lost  int64
	}{
		"a dispose":       {turbopipes.Never[int](), dispose, nil, 1},
		"an error":        {boom[int](time.Second), itself, errBoom, 1},
		"a completion":    {nothing(), itself, nil, 0},
		"a graceful stop": {turbopipes.Never[int](), stop, nil, 0},
		"with a partner":  {silent(timed(0)), dispose, nil, 0},
	} {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, operators.CombineLatest(c.other, sum)(silent(turbopipes.Just(1))), 0, 5*time.Second, c.end)
			require.Equal(t, c.err, s.err)
			require.Equal(t, c.lost, s.stats.Discarded)
		})
	}
}

// A stop completes both sides, and operators before them flush.
func TestCombineLatestGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		count := operators.Reduce(100, func(n, _ int) int { return n + 1 })
		o := operators.CombineLatest(count(turbopipes.Interval(2*time.Second)), sum)(count(turbopipes.Interval(time.Second)))
		s := endedBy(t, o, 0, 5*time.Second+1, stop)
		require.Equal(t, []int{105 + 102}, s.items)
		require.True(t, s.completed)
	})
}

func ExampleCombineLatest() {
	price := turbopipes.Just(20)
	amounts := operators.Map(func(i int) int { return i + 1 })(operators.Take[int](3)(turbopipes.Interval(10 * time.Millisecond)))
	total := func(price, amount int) int { return price * amount }
	fmt.Println(operators.CombineLatest(amounts, total)(price).Collect(context.Background()))
	// Output: [20 40 60] <nil>
}

func BenchmarkCombineLatest(b *testing.B) {
	benchmark(b, operators.CombineLatest(turbopipes.Just(1), sum))
}
