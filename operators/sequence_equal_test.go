package operators_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func same[T comparable](a, b T) bool { return a == b }

func TestSequenceEqual(t *testing.T) {
	doc := tptest.DocDiagram(t, "sequence_equal.go", "SequenceEqual")
	require.Equal(t, "true", doc["t"])
	expectAll(t, map[string]drawn{
		"as documented":                   {two(doc["a"], doc["b"]), doc["out"], nil},
		"both are empty":                  {two("--|", "---|"), "---(t|)", nil},
		"one is empty":                    {two("--|", "----b"), "----(f|)", nil},
		"the other is empty":              {two("----b", "--|"), "----(f|)", nil},
		"an item differs":                 {two("ab----|", "-a-c--|"), "---(f|)", nil},
		"one ends with an item waiting":   {two("ab----", "a--|"), "---(f|)", nil},
		"the other does":                  {two("a--|", "ab----"), "---(f|)", nil},
		"one goes on later":               {two("a|", "a---b-"), "----(f|)", nil},
		"an error at first":               {two("#", "-a|"), "#", nil},
		"an error at first, in the other": {two("-a|", "#"), "#", nil},
		"an error later":                  {two("a--#", "-a-"), "---#", nil},
		"an error later, in the other":    {two("a---", "-a-#"), "---#", nil},
		"an error that comes too late":    {two("a---#", "-b-"), "-(f|)", nil},
		"one says nothing":                {two("a-|", "----"), "----!", nil},
		"nobody's end is known":           {two("a--", "-a-"), "---!", nil},
	}, func(in []turbopipes.Observable[string]) turbopipes.Observable[string] {
		short := func(v bool) string { return fmt.Sprint(v)[:1] }
		return operators.Map(short)(operators.SequenceEqual(in[1], same[string])(in[0]))
	})
	requireInvalid(t, operators.SequenceEqual(turbopipes.Observable[string]{}, same[string]), "SequenceEqual: other is the zero Observable")
	requireInvalid(t, operators.SequenceEqual(turbopipes.Just("b"), nil), "SequenceEqual: equal is nil")
	requirePanics(t, operators.SequenceEqual(turbopipes.Just("b"), func(string, string) bool { panic(errBoom) }))
}

func TestSequenceEqualOrderOfArguments(t *testing.T) {
	equal := func(a, b string) bool { return a == strings.ToLower(b) }
	got, err := operators.SequenceEqual(turbopipes.Just("A", "B"), equal)(turbopipes.Just("a", "b")).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []bool{true}, got)
}

// Once the result is known, both streams are cancelled, and they are reaped at the
// end.
func TestSequenceEqualReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "a-----", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^--!"))
		b := tptest.Cold[string](s, "-b----", nil, tptest.Subscribed("^!"))
		text := operators.Map(func(v bool) string { return fmt.Sprint(v)[:1] })
		tptest.Expect(s, text(operators.SequenceEqual(b, same[string])(a)), "-f-|", nil, tptest.Once())
	})
	bubble(t, "clean-up fails", func(t *testing.T) {
		failing := failingCleanUp[int](errLate)
		require.EqualError(t, operators.SequenceEqual(failing, same[int])(boom[int](time.Second)).Drain(t.Context()), "boom\nlate")
		differ := operators.Concat(failing)(turbopipes.Just(7))
		items, err := operators.SequenceEqual(differ, same[int])(timed(1)).Collect(t.Context())
		require.Equal(t, []bool{false}, items)
		require.ErrorIs(t, err, errLate, "also at a completion")
	})
}

// A side waits when it is one item ahead, with another item in hand.
func TestSequenceEqualHoldsTheFasterSide(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var fast counting
		s := endedBy(t, operators.SequenceEqual(turbopipes.Interval(time.Second), same[int])(fast.stream(100)), 0, 2500*time.Millisecond, dispose)
		require.Empty(t, s.items)
		require.EqualValues(t, 3, fast.accepted.Load())
		require.EqualValues(t, 4, fast.begun.Load())
		require.EqualValues(t, 2, s.stats.Discarded, "the one that was not compared, and the one in upstream's hand")
		s = endedBy(t, operators.SequenceEqual(turbopipes.Empty[int](), same[int])(fast.stream(100)), 0, 0, itself)
		require.Equal(t, []bool{false}, s.items)
		require.Zero(t, s.stats.Discarded)
	})
}

func TestSequenceEqualGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := endedBy(t, operators.SequenceEqual(turbopipes.Interval(time.Second), same[int])(turbopipes.Interval(time.Second)), 0, 2500*time.Millisecond, stop)
		require.Equal(t, []bool{true}, s.items)
		require.True(t, s.completed)
	})
}

func ExampleSequenceEqual() {
	backup := turbopipes.FromSeq(slices.Values([]string{"a.txt", "b.txt"}))
	files := turbopipes.Just("a.txt", "b.txt", "c.txt")
	equal := func(a, b string) bool { return strings.EqualFold(a, b) }
	fmt.Println(operators.SequenceEqual(backup, equal)(files).Collect(context.Background()))
	// Output: [false] <nil>
}

func BenchmarkSequenceEqual(b *testing.B) {
	benchmark(b, operators.SequenceEqual(turbopipes.Range(0, 1024), same[int]))
}
