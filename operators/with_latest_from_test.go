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

func TestWithLatestFrom(t *testing.T) {
	doc := tptest.DocDiagram(t, "with_latest_from.go", "WithLatestFrom")
	expectAll(t, map[string]drawn{
		"as documented":                   {two(doc["a"], doc["b"]), doc["out"], nil}, // 11
		"upstream is empty":               {two("---|", "-1-2-3|"), "---|", nil},
		"the other is empty":              {two("a---b-|", "--|"), "--|", nil},
		"it ends with upstream":           {two("--a|", "-1-----"), "2:{a1} 3:|", nil},
		"the other says nothing":          {two("a-b|", "------"), "---|", nil},
		"the other's last stays":          {two("--a-b-c|", "-1|"), "2:{a1} 4:{b1} 6:{c1} 7:|", nil},
		"the newest":                      {two("----a-|", "123---|"), "4:{a3} 6:|", nil},
		"an error at first":               {two("#", "-1|"), "#", nil},
		"an error at first, in the other": {two("-a-|", "#"), "#", nil},
		"an error later":                  {two("--a#", "-1-2|"), "2:{a1} 3:#", nil},
		"an error later, in the other":    {two("--a--b|", "-1--#"), "2:{a1} 4:#", nil},
		"a busy downstream":               {two("--ab--|", "-1-23-|"), "2:{a1} 7:{b3} 12:|", busyFor(5)},
	}, func(in []turbopipes.Observable[string]) turbopipes.Observable[string] {
		return operators.WithLatestFrom(in[1], joined)(in[0])
	})
	requireInvalid(t, operators.WithLatestFrom(turbopipes.Observable[string]{}, joined), "WithLatestFrom: other is the zero Observable")
	requireInvalid(t, operators.WithLatestFrom[string, string, string](turbopipes.Just("b"), nil), "WithLatestFrom: fn is nil")
	bubble(t, "a panic", func(t *testing.T) {
		panics := operators.WithLatestFrom(turbopipes.Just("b"), func(string, string) int { panic(errBoom) })
		late := turbopipes.Lift("late", func(ctx context.Context, in turbopipes.Observable[string], emit func(string) bool) error {
			time.Sleep(time.Second)
			return in.Push(ctx, emit)
		})
		requirePanics(t, turbopipes.Compose2(late, panics))
	})
}

// The other stream never waits, and is cancelled and reaped with upstream.
func TestWithLatestFromReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "--a|", nil, tptest.Subscribed("^--!"))
		b := tptest.Cold[string](s, "-1-----", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!"))
		tptest.Expect(s, operators.WithLatestFrom(b, joined)(a), "2:{a1} 5:|", nil, tptest.Once())
	})
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "a----b", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^---!"))
		b := tptest.Cold[string](s, "--|", nil, tptest.Subscribed("^-!"))
		tptest.Expect(s, operators.WithLatestFrom(b, joined)(a), "----|", nil, tptest.Once())
	})
	bubble(t, "clean-up fails", func(t *testing.T) {
		failing := failingCleanUp[int](errLate)
		require.EqualError(t, operators.WithLatestFrom(failing, sum)(boom[int](time.Second)).Drain(t.Context()), "boom\nlate")
		require.EqualError(t, operators.WithLatestFrom(boom[int](time.Second), sum)(failing).Drain(t.Context()), "boom\nlate")
		require.Equal(t, errLate, operators.WithLatestFrom(failing, sum)(nothing()).Drain(t.Context()), "also at a completion")
		require.Equal(t, errLate, operators.WithLatestFrom(nothing(), sum)(failing).Drain(t.Context()), "of the other")
	})
	bubble(t, "a panic of the other", func(t *testing.T) {
		panics := operators.Map(func(int) int { panic(errBoom) })(timed(1))
		require.ErrorIs(t, operators.WithLatestFrom(panics, sum)(turbopipes.Never[int]()).Drain(t.Context()), errBoom)
	})
}

// Upstream waits for a busy downstream, and the other stream does not.
func TestWithLatestFromHoldsUpstreamOnly(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var b counting
		in := timed(1, 2, 3)
		s := endedBy(t, operators.WithLatestFrom(silent(b.stream(1000)), sum)(in), 8*time.Second, 5*time.Second, dispose)
		require.Equal(t, []int{999}, s.items)
		require.EqualValues(t, 1000, b.accepted.Load())
		require.Zero(t, s.stats.Discarded)
	})
}

// When downstream leaves, or a side fails, nothing more is taken from upstream.
func TestWithLatestFromCutsOff(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		begin := time.Now()
		items, err := operators.Take[int](1)(operators.WithLatestFrom(timed(0), sum)(deaf(10))).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{0}, items)
		require.Equal(t, time.Second, time.Since(begin))
		begin = time.Now()
		fails := operators.Concat(boom[int](2500 * time.Millisecond))(timed(0))
		require.Equal(t, errBoom, operators.WithLatestFrom(fails, sum)(deaf(10)).Drain(t.Context()))
		require.Equal(t, 3*time.Second, time.Since(begin), "at the next item")
	})
	bubble(t, "while downstream is busy", func(t *testing.T) {
		var c counting
		fails := operators.Concat(boom[int](1500 * time.Millisecond))(timed(0))
		late := operators.Concat(c.stream(10))(nothing())
		s := endedBy(t, operators.WithLatestFrom(fails, sum)(late), time.Second, 0, itself)
		require.Equal(t, errBoom, s.err)
		require.EqualValues(t, 1, c.begun.Load(), "none is fetched to be refused")
	})
	bubble(t, "both unwind at once", func(t *testing.T) {
		var a alive
		begin := time.Now()
		require.NoError(t, operators.Take[int](1)(operators.WithLatestFrom(a.ticking(), sum)(a.ticking())).Drain(t.Context()))
		require.Less(t, time.Since(begin), 1500*time.Millisecond)
		a.requireReaped(t)
	})
}

func TestWithLatestFromGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		count := operators.Reduce(100, func(n, _ int) int { return n + 1 })
		o := operators.WithLatestFrom(silent(timed(0, 1)), sum)(count(turbopipes.Interval(time.Second)))
		s := endedBy(t, o, 0, 5*time.Second+1, stop)
		require.Equal(t, []int{105 + 1}, s.items)
		require.True(t, s.completed)
	})
}

func ExampleWithLatestFrom() {
	settings := turbopipes.Just("loud")
	clicks := operators.Take[int](2)(turbopipes.Interval(10 * time.Millisecond))
	play := func(click int, setting string) string { return fmt.Sprint(click, ":", setting) }
	fmt.Println(operators.WithLatestFrom(settings, play)(clicks).Collect(context.Background()))
	// Output: [0:loud 1:loud] <nil>
}

func BenchmarkWithLatestFrom(b *testing.B) {
	benchmark(b, operators.WithLatestFrom(silent(turbopipes.Just(1)), sum))
}
