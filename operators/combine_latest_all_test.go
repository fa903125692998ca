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

// picked is a case of an operator whose upstream emits streams. Item a stands for the
// first stream of inner, b for the second, and so on.
type picked struct {
	in    string
	inner []string
	out   string
	opts  []tptest.Option
}

func expectPicked(t *testing.T, cases map[string]picked, op turbopipes.Operator[turbopipes.Observable[string], []string]) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				inner := make([]turbopipes.Observable[string], len(c.inner))
				for i, diagram := range c.inner {
					inner[i] = tptest.Cold[string](s, diagram, nil)
				}
				streams := operators.Map(func(v string) turbopipes.Observable[string] { return inner[v[0]-'a'] })(tptest.Cold[string](s, c.in, nil))
				tptest.Expect(s, operators.Map(together)(op(streams)), c.out, nil, c.opts...)
			})
		})
	}
}

func TestCombineLatestAll(t *testing.T) {
	doc := tptest.DocDiagram(t, "combine_latest_all.go", "CombineLatestAll")
	expectPicked(t, map[string]picked{
		"as documented":       {doc["in"], two(doc["a"], doc["b"]), doc["out"], nil},
		"empty":               {"--|", nil, "--|", nil},
		"one":                 {"a|", []string{"p-q|"}, "-p-q|", nil},
		"three":               {"cba|", []string{"--p---|", "-x---y|", "1-|"}, "5:{1xp} 8:{1yp} 9:|", nil},
		"one is empty":        {"ab|", two("p----", "--|"), "----|", nil},
		"one never ends":      {"ab|", two("p-", "x---"), "2:{px} 5:!", nil},
		"upstream fails":      {"ab-#", two("p|", "x|"), "---#", nil},
		"upstream never ends": {"ab-", two("p|", "x|"), "---!", nil},
		"a stream fails":      {"ab|", two("p----", "-x-#"), "3:{px} 5:#", nil},
		"a busy downstream":   {"ab|", two("p-q-------|", "-x-------y|"), "3:{px} 8:{qx} 13:{qy} 18:|", busyFor(5)},
	}, operators.CombineLatestAll[string]())
	requirePicked(t, "CombineLatestAll", operators.CombineLatestAll[int]())
}

// requirePicked checks op with bad streams, failing clean-ups and early ends.
func requirePicked(t *testing.T, name string, op turbopipes.Operator[turbopipes.Observable[int], []int]) {
	t.Helper()
	bubble(t, "streams that fail", func(t *testing.T) {
		var a alive
		err := op(turbopipes.Just(a.ticking(), turbopipes.Observable[int]{})).Drain(t.Context())
		require.EqualError(t, err, "turbopipes: invalid argument: "+name+": an item of upstream is the zero Observable")
		require.Zero(t, a.total.Load(), "nothing began")
		panics := operators.Map(func(int) int { panic(errBoom) })(timed(1))
		require.ErrorIs(t, op(turbopipes.Just(a.ticking(), panics)).Drain(t.Context()), errBoom)
		a.requireReaped(t)
		require.EqualError(t, op(turbopipes.Just(failingCleanUp[int](errLate), boom[int](time.Second))).Drain(t.Context()), "boom\nlate")
		require.Equal(t, errLate, op(turbopipes.Just(failingCleanUp[int](errLate), nothing())).Drain(t.Context()), "also at a completion")
	})
	waits := turbopipes.Just(silent(turbopipes.Just(1)), turbopipes.Never[int]())
	bubble(t, "a dispose", func(t *testing.T) {
		s := endedBy(t, op(waits), 0, time.Second, dispose)
		require.EqualValues(t, 1, s.stats.Discarded)
	})
	bubble(t, "a completion", func(t *testing.T) {
		s := endedBy(t, op(turbopipes.Just(silent(turbopipes.Just(1)), nothing())), 0, 0, itself)
		require.NoError(t, s.err)
		require.Zero(t, s.stats.Discarded)
	})
	bubble(t, "a graceful stop", func(t *testing.T) {
		two := func(v int) turbopipes.Observable[int] { return hundreds(v, time.Second) }
		s := endedBy(t, op(silent(operators.Map(two)(timed(0, 1)))), 0, 1500*time.Millisecond, stop)
		require.NotEmpty(t, s.items)
		require.True(t, s.completed)
		require.Equal(t, []int{1, 101}, s.items[len(s.items)-1], "the streams come to their own end")
		require.Equal(t, 3500*time.Millisecond, s.took)
	})
}

// Each slice is downstream's own.
func TestCombineLatestAllSlices(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		rows, err := operators.CombineLatestAll[int]()(turbopipes.Just(timed(1, 3), timed(2, 4))).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, [][]int{{0, 0}, {1, 0}, {1, 1}}, rows)
	})
}

func ExampleCombineLatestAll() {
	sensors := turbopipes.Just(turbopipes.Just(20), turbopipes.Just(21), turbopipes.Just(19))
	fmt.Println(operators.CombineLatestAll[int]()(sensors).Collect(context.Background()))
	// Output: [[20 21 19]] <nil>
}

func BenchmarkCombineLatestAll(b *testing.B) {
	o := operators.CombineLatestAll[int]()(turbopipes.Just(turbopipes.Range(0, 1024), turbopipes.Just(1)))
	b.ReportAllocs()
	for b.Loop() {
		_ = o.Drain(b.Context())
	}
	perItem(b, 1024)
}
