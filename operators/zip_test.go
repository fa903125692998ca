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

func joined(a, b string) string { return a + b }

func TestZip(t *testing.T) {
	doc := tptest.DocDiagram(t, "zip.go", "Zip")
	for name, c := range map[string]struct {
		a, b, out string
		opts      []tptest.Option
	}{
		"as documented":                    {doc["a"], doc["b"], doc["out"], nil},             // 8
		"ends with the last of the first":  {"a-b|", "-1---2---3|", "1:{a1} 5:{b2} 5:|", nil}, // 9
		"ends with the last of the second": {"-1---2---3|", "a-b|", "1:{1a} 5:{2b} 5:|", nil},
		"as many":                          {"a--b-|", "-1--2-|", "1:{a1} 4:{b2} 5:|", nil},
		"the end is known late":            {"a----|", "-1---2-3|", "1:{a1} 5:|", nil},
		"nobody's end is known":            {"a---", "-1--2", "1:{a1} 4:!", nil},
		"both empty":                       {"--|", "---|", "--|", nil},
		"one empty":                        {"a-b-|", "---|", "---|", nil},
		"the other empty":                  {"---|", "a-b-|", "---|", nil},
		"an error at first":                {"#", "-1|", "#", nil},
		"an error at first, in the other":  {"a-|", "#", "#", nil},
		"an error later":                   {"a--#", "-1-2|", "1:{a1} 3:#", nil},
		"an error later, in the other":     {"a-b-", "-1--#", "1:{a1} 4:#", nil},
		"an error that is behind the end":  {"a|", "-1#", "1:{a1} 1:|", nil},
		"one side never ends":              {"a-|", "-1---", "1:{a1} 2:|", nil},
		"one side says nothing":            {"a-b-|", "------", "------!", nil},
		"a busy downstream":                {"ab-c|", "1--2-3|", "0:{a1} 5:{b2} 10:{c3} 15:|", []tptest.Option{tptest.Busy(5 * tptest.Step)}},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				other := tptest.Cold[string](s, c.b, nil)
				tptest.Expect(s, operators.Zip(other, joined)(tptest.Cold[string](s, c.a, nil)), c.out, nil, c.opts...)
			})
		})
	}
	requireInvalid(t, operators.Zip(turbopipes.Observable[string]{}, joined), "Zip: other is the zero Observable")
	requireInvalid(t, operators.Zip[string, string, string](turbopipes.Just("b"), nil), "Zip: fn is nil")
	requirePanics(t, operators.Zip(turbopipes.Just("b"), func(string, string) int { panic(errBoom) }))
}

// Both sides begin at once. When the stream ends, the other side is cancelled and
// reaped.
func TestZipReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "a--|", nil, tptest.Subscribed("^--!"))
		b := tptest.Cold[string](s, "-1-----2-", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!"))
		tptest.Expect(s, operators.Zip(b, joined)(a), "1:{a1} 5:|", nil, tptest.Once())
	})
	for name, zip := range map[string]func(a, b turbopipes.Observable[int]) turbopipes.Observable[int]{
		"upstream":  func(a, b turbopipes.Observable[int]) turbopipes.Observable[int] { return operators.Zip(b, sum)(a) },
		"the other": func(a, b turbopipes.Observable[int]) turbopipes.Observable[int] { return operators.Zip(a, sum)(b) },
	} {
		bubble(t, "clean-up fails of "+name, func(t *testing.T) {
			failing := failingCleanUp[int](errLate)
			require.EqualError(t, zip(failing, boom[int](time.Second)).Drain(t.Context()), "boom\nlate")
			completes := operators.Filter(func(int) bool { return false })(timed(1))
			require.Equal(t, errLate, zip(failing, completes).Drain(t.Context()), "also at a completion")
			require.NoError(t, zip(failingCleanUp[int](nil), completes).Drain(t.Context()))
		})
	}
}

func sum(a, b int) int { return a + b }

// A side waits when it is one item ahead, with another item in hand.
func TestZipHoldsTheFasterSide(t *testing.T) {
	for name, zip := range map[string]func(a, b turbopipes.Observable[int]) turbopipes.Observable[int]{
		"upstream":  func(a, b turbopipes.Observable[int]) turbopipes.Observable[int] { return operators.Zip(b, sum)(a) },
		"the other": func(a, b turbopipes.Observable[int]) turbopipes.Observable[int] { return operators.Zip(a, sum)(b) },
	} {
		bubble(t, name, func(t *testing.T) {
			var fast counting
			s := endedBy(t, zip(fast.stream(100), turbopipes.Interval(time.Second)), 0, 2500*time.Millisecond, dispose)
			require.Equal(t, []int{0, 2}, s.items)
			require.EqualValues(t, 3, fast.accepted.Load())
			require.EqualValues(t, 4, fast.begun.Load())
			require.EqualValues(t, 2, s.stats.Discarded, "the one that is not paired, and the one in its hand")
		})
	}
}

// An item without a partner counts as lost at an early end, but not at a completion.
func TestZipDiscards(t *testing.T) {
	ahead := silent(turbopipes.Just(1, 2, 3))
	for name, c := range map[string]struct {
		other turbopipes.Observable[int]
		end   func(*testing.T, *turbopipes.Subscription)
		err   error
		lost  int64
	}{
		"a dispose":       {silent(timed(0)), dispose, nil, 2},
		"an error":        {operators.Concat(boom[int](time.Second))(timed(0)), itself, errBoom, 2},
		"a completion":    {timed(0), itself, nil, 0},
		"a graceful stop": {silent(timed(0)), stop, nil, 0},
	} {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, operators.Zip(c.other, sum)(ahead), 0, 5*time.Second, c.end)
			require.Equal(t, c.err, s.err)
			require.Equal(t, []int{1}, s.items)
			require.Equal(t, c.lost, s.stats.Discarded)
		})
	}
	bubble(t, "downstream leaves", func(t *testing.T) {
		s := endedBy(t, operators.Take[int](1)(operators.Zip(silent(timed(0)), sum)(ahead)), 0, 0, itself)
		require.NoError(t, s.err)
		require.EqualValues(t, 1, s.stats.Discarded, "the one in the hand of the side ahead")
	})
}

// A stop completes both sides, and operators before them flush.
func TestZipGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		count := operators.Reduce(100, func(n, _ int) int { return n + 1 })
		s := endedBy(t, operators.Zip(count(turbopipes.Interval(2*time.Second)), sum)(count(turbopipes.Interval(time.Second))), 0, 5*time.Second+1, stop)
		require.Equal(t, []int{105 + 102}, s.items)
		require.True(t, s.completed)
	})
}

func ExampleZip() {
	questions := turbopipes.Just("2+2", "3*3", "7-5")
	answers := turbopipes.Just(4, 9, 2)
	show := func(question string, answer int) string { return fmt.Sprint(question, "=", answer) }
	fmt.Println(operators.Zip(answers, show)(questions).Collect(context.Background()))
	// Output: [2+2=4 3*3=9 7-5=2] <nil>
}

func BenchmarkZip(b *testing.B) { benchmark(b, operators.Zip(turbopipes.Range(0, 1024), sum)) }
