package operators_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestInterleave(t *testing.T) {
	doc := tptest.DocDiagram(t, "interleave.go", "Interleave")
	interleave := func(n int) func(in []turbopipes.Observable[string]) turbopipes.Observable[string] {
		return func(in []turbopipes.Observable[string]) turbopipes.Observable[string] {
			return operators.Interleave(n, in[1:]...)(in[0])
		}
	}
	expectAll(t, map[string]drawn{
		"as documented":          {two(doc["a"], doc["b"]), doc["out"], nil},
		"none":                   {[]string{"-a-|"}, "-a-|", nil},
		"three":                  {[]string{"ad|", "be|", "cf|"}, "0:a 0:b 0:c 1:d 1:e 1:f 2:|", nil},
		"one is left out":        {[]string{"ad--|", "|", "c---f|"}, "0:a 0:c 1:d 4:f 5:|", nil},
		"all empty":              {two("--|", "-|"), "--|", nil},
		"one says nothing":       {two("a-b-", "----"), "a---!", nil},
		"an error at first":      {two("#", "a-"), "#", nil},
		"an error later":         {two("a--#", "-b--"), "ab-#", nil},
		"an error out of turn":   {two("----a", "--#"), "--#", nil},
		"an error behind a turn": {two("a----", "--#"), "a-#", nil},
	}, interleave(1))
	expectAll(t, map[string]drawn{
		"two each":          {two("abc---|", "123---|"), "0:a 1:b 1:1 1:2 2:c 6:3 6:|", nil},
		"one ends within":   {two("a-|", "-12|"), "0:a 2:1 2:2 3:|", nil},
		"a busy downstream": {two("ab-|", "-1-|"), "0:a 5:b 10:1 15:|", busyFor(5)},
	}, interleave(2))
	requireInvalid(t, operators.Interleave[int](0), "Interleave: n is 0, want at least 1")
	requireInvalid(t, operators.Interleave[int](-1), "Interleave: n is -1, want at least 1")
	requireInvalid(t, operators.Interleave(1, turbopipes.Observable[int]{}), "Interleave: others[0] is the zero Observable")
}

func TestInterleaveReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "-a----a-", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!"))
		b := tptest.Cold[string](s, "--b#", nil, tptest.Subscribed("^--!"))
		tptest.Expect(s, operators.Interleave(1, b)(a), "-ab--#", nil, tptest.Once())
	})
	bubble(t, "clean-up fails", func(t *testing.T) {
		failing := failingCleanUp[int](errLate)
		require.EqualError(t, operators.Interleave(1, failing)(boom[int](time.Second)).Drain(t.Context()), "boom\nlate")
	})
}

// A stream that waits for its turn has one item in hand, and nothing is lost.
func TestInterleaveHoldsItsStreams(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a, b counting
		s := endedBy(t, operators.Interleave(2, b.stream(10))(a.stream(10)), time.Second, 2500*time.Millisecond, dispose)
		require.Equal(t, []int{0, 1, 0}, s.items)
		require.EqualValues(t, 3, a.accepted.Load()+b.accepted.Load())
		require.EqualValues(t, 5, a.begun.Load()+b.begun.Load())
		require.EqualValues(t, 2, s.stats.Discarded, "in the hands of its streams")
	})
}

func TestInterleaveGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		count := operators.Reduce(100, func(n, _ int) int { return n + 1 })
		s := endedBy(t, operators.Interleave(1, count(turbopipes.Interval(2*time.Second)))(turbopipes.Interval(time.Second)), 0, 5*time.Second+1, stop)
		require.Equal(t, []int{0, 102, 1}, s.items, "the one in its hand, too")
		require.True(t, s.completed)
	})
}

func ExampleInterleave() {
	urgent, normal := turbopipes.Just("u1", "u2", "u3", "u4"), turbopipes.Just("n1", "n2")
	two := operators.Interleave(1, normal)(urgent)
	fmt.Println(two.Collect(context.Background()))
	// Output: [u1 n1 u2 n2 u3 u4] <nil>
}

func BenchmarkInterleave(b *testing.B) {
	benchmark(b, operators.Interleave(1, turbopipes.Range(0, 1024)))
}
