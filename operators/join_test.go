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

// ofDigit is the time of a digit, in columns.
func ofDigit(v string) time.Time { return time.Unix(0, 0).Add(time.Duration(v[0]-'0') * tptest.Step) }

func TestJoin(t *testing.T) {
	doc := tptest.DocDiagram(t, "join.go", "Join")
	join := func(window time.Duration) func(in []turbopipes.Observable[string]) turbopipes.Observable[string] {
		return func(in []turbopipes.Observable[string]) turbopipes.Observable[string] {
			return operators.Join(in[1], window*tptest.Step, ofDigit, ofDigit, joined)(in[0])
		}
	}
	expectAll(t, map[string]drawn{
		"as documented":               {two(doc["a"], doc["b"]), doc["out"], nil},
		"several partners":            {two("12--|", "--2-|"), "2:{12} 2:{22} 4:|", nil},
		"both empty":                  {two("--|", "---|"), "--|", nil},
		"one empty":                   {two("1---2|", "--|"), "--|", nil},
		"too far apart":               {two("1---|", "-5--|"), "----|", nil},
		"ends when all are forgotten": {two("1|", "-2--9---"), "1:{12} 4:|", nil},
		"the other may go on":         {two("1|", "-2--2---|"), "1:{12} 4:{12} 8:|", nil},
		"one says nothing":            {two("1---", "----"), "----!", nil},
		"an error at first":           {two("#", "1-"), "#", nil},
		"an error later":              {two("1--#", "-1---"), "-{11}-#", nil},
		"an error in the other":       {two("1----", "-1-#"), "-{11}-#", nil},
	}, join(1))
	expectAll(t, map[string]drawn{
		"a window of nothing": {two("1-2-|", "-1-3|"), "1:{11} 4:|", nil},
	}, join(0))
	just, fn := turbopipes.Just("1"), joined
	for text, op := range map[string]turbopipes.Operator[string, string]{
		"other is the zero Observable":    operators.Join(turbopipes.Observable[string]{}, 1, ofDigit, ofDigit, fn),
		"window is -1ns, want at least 0": operators.Join(just, -1, ofDigit, ofDigit, fn),
		"atA is nil":                      operators.Join(just, 1, nil, ofDigit, fn),
		"atB is nil":                      operators.Join(just, 1, ofDigit, nil, fn),
		"fn is nil":                       operators.Join[string, string, string](just, 1, ofDigit, ofDigit, nil),
	} {
		requireInvalid(t, op, "Join: "+text)
	}
	bad := func(string) time.Time { panic(errBoom) }
	requirePanics(t, operators.Join(silent(just), 1, bad, ofDigit, fn))
	requirePanics(t, operators.Join(just, 300*tptest.Step, ofDigit, ofDigit, func(string, string) string { panic(errBoom) }))
	bubble(t, "the other side's time panics", func(t *testing.T) {
		require.ErrorIs(t, operators.Join(just, 1, ofDigit, bad, fn)(silent(just)).Drain(t.Context()), errBoom)
	})
}

func millis(v int) time.Time { return time.UnixMilli(int64(v)) }

func TestJoinReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "1|", nil, tptest.Subscribed("^!"))
		b := tptest.Cold[string](s, "-2--9---", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^-----!"))
		tptest.Expect(s, operators.Join(b, tptest.Step, ofDigit, ofDigit, joined)(a), "1:{12} 6:|", nil, tptest.Once())
	})
	bubble(t, "clean-up fails", func(t *testing.T) {
		failing := failingCleanUp[int](errLate)
		require.EqualError(t, operators.Join(failing, 1, millis, millis, sum)(boom[int](time.Second)).Drain(t.Context()), "boom\nlate")
		require.Equal(t, errLate, operators.Join(failing, 1, millis, millis, sum)(nothing()).Drain(t.Context()), "also at a completion")
	})
}

// A side that is ahead of the other by more than the window waits, so the number of
// remembered items is bounded. Items without a partner are lost at an early end.
func TestJoinHoldsTheSideAhead(t *testing.T) {
	bubble(t, "before the other's first", func(t *testing.T) {
		var a counting
		s := endedBy(t, operators.Join(turbopipes.Never[int](), time.Millisecond, millis, millis, sum)(a.stream(100)), 0, time.Second, dispose)
		require.EqualValues(t, 1, a.accepted.Load())
		require.EqualValues(t, 2, a.begun.Load())
		require.EqualValues(t, 2, s.stats.Discarded, "one in upstream's hand")
	})
	bubble(t, "later", func(t *testing.T) {
		var b counting
		s := endedBy(t, operators.Join(b.stream(100), 2*time.Millisecond, millis, millis, sum)(silent(timed(0, 1, 2))), 0, 1500*time.Millisecond, dispose)
		require.EqualValues(t, 5, b.accepted.Load(), "0 … 4, of which 4 is more than 2 ahead of 1")
		require.Equal(t, []int{0, 1, 2, 1, 2, 3, 4}, s.items)
		require.EqualValues(t, 2, s.stats.Discarded, "4, and 5 in its side's hand")
	})
	bubble(t, "a slow downstream", func(t *testing.T) {
		var a counting
		s := endedBy(t, operators.Join(turbopipes.Just(0), time.Hour, millis, millis, sum)(a.stream(100)), time.Second, 2500*time.Millisecond, dispose)
		require.Len(t, s.items, 3)
		require.EqualValues(t, 3, a.accepted.Load())
	})
}

func TestJoinGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		count := operators.Reduce(100, func(n, _ int) int { return n + 1 })
		o := operators.Join(count(turbopipes.Interval(2*time.Second)), time.Second, millis, millis, sum)(count(turbopipes.Interval(time.Second)))
		s := endedBy(t, o, 0, 5*time.Second+1, stop)
		require.Equal(t, []int{105 + 102}, s.items)
		require.True(t, s.completed)
		s = endedBy(t, operators.Join(turbopipes.Never[int](), time.Second, millis, millis, sum)(silent(turbopipes.Just(1))), 0, time.Second, stop)
		require.Zero(t, s.stats.Discarded)
	})
}

func ExampleJoin() {
	type reading struct {
		second int
		value  float64
	}
	at := func(r reading) time.Time { return time.Unix(int64(r.second), 0) }
	heat := turbopipes.Just(reading{0, 21.5}, reading{60, 22})
	humid := turbopipes.Just(reading{2, 40}, reading{59, 41}, reading{300, 39})
	both := func(h, w reading) string { return fmt.Sprintf("%v °C, %v %%", h.value, w.value) }
	fmt.Println(operators.Join(humid, 5*time.Second, at, at, both)(heat).Collect(context.Background()))
	// Output: [21.5 °C, 40 % 22 °C, 41 %] <nil>
}

func BenchmarkJoin(b *testing.B) {
	benchmark(b, operators.Join(turbopipes.Range(0, 1024), 2*time.Millisecond, millis, millis, sum))
}
