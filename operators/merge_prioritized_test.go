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

func TestMergePrioritized(t *testing.T) {
	doc := tptest.DocDiagram(t, "merge_prioritized.go", "MergePrioritized")
	expectAll(t, map[string]drawn{
		"as documented": {two(doc["a"], doc["b"]), doc["out"], nil},
		"none":          {[]string{"-a-|"}, "-a-|", nil},
		"three":         {[]string{"a--d---|", "-b--e--|", "--c--f-|"}, "abcdef-|", nil},
		"the first goes first": {
			[]string{"a--------|", "--1------|", "-xy------|"}, "0:a 5:1 10:x 15:y 20:|", busyFor(5),
		},
		"upstream starves it": {two("abcd-----|", "-1-------|"), "0:a 5:b 10:c 15:d 20:1 25:|", busyFor(5)},
		"empty ones":          {[]string{"-|", "--|", "|"}, "--|", nil},
		"an error at first":   {two("#", "-b-"), "#", nil},
		"an error later":      {two("-a-#", "b---b-"), "ba-#", nil},
		"an error in another": {two("-a---a-", "b--#"), "ba-#", nil},
		"one that never ends": {two("-a|", "b---"), "ba--!", nil},
	}, func(in []turbopipes.Observable[string]) turbopipes.Observable[string] {
		return operators.MergePrioritized(in[1:]...)(in[0])
	})
	requireInvalid(t, operators.MergePrioritized(turbopipes.Observable[int]{}), "MergePrioritized: others[0] is the zero Observable")
}

func TestMergePrioritizedReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "-a----a-", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!"))
		b := tptest.Cold[string](s, "--b#", nil, tptest.Subscribed("^--!"))
		tptest.Expect(s, operators.MergePrioritized(b)(a), "-ab--#", nil, tptest.Once())
	})
	bubble(t, "clean-up fails", func(t *testing.T) {
		failing := failingCleanUp[int](errLate)
		require.EqualError(t, operators.MergePrioritized(failing)(boom[int](time.Second)).Drain(t.Context()), "boom\nlate")
	})
}

// Each stream has one item in its slot, and one in hand. An item in a slot at an early
// end is counted.
func TestMergePrioritizedHoldsItsStreams(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a, b counting
		s := endedBy(t, operators.MergePrioritized(b.stream(10))(a.stream(10)), time.Second, 2500*time.Millisecond, dispose)
		require.Len(t, s.items, 3)
		require.EqualValues(t, 5, a.accepted.Load()+b.accepted.Load())
		require.EqualValues(t, 7, a.begun.Load()+b.begun.Load())
		require.EqualValues(t, 4, s.stats.Discarded)
	})
}

func TestMergePrioritizedGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		count := operators.Reduce(100, func(n, _ int) int { return n + 1 })
		s := endedBy(t, operators.MergePrioritized(count(turbopipes.Interval(2*time.Second)))(turbopipes.Interval(3*time.Second)), 0, 7*time.Second, stop)
		require.Equal(t, []int{0, 1, 103}, s.items)
		require.True(t, s.completed)
		require.Zero(t, s.stats.Discarded)
	})
}

func ExampleMergePrioritized() {
	alarms := turbopipes.Just("fire")
	chat := turbopipes.Just("hello", "how are you?")
	lines, err := operators.MergePrioritized(chat)(alarms).Collect(context.Background())
	fmt.Println(len(lines), err) // the alarm overtakes the lines that have not been taken yet
	// Output: 3 <nil>
}

func BenchmarkMergePrioritized(b *testing.B) {
	benchmark(b, operators.MergePrioritized(turbopipes.Empty[int]()))
}
