package operators_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestScanWith(t *testing.T) {
	op := operators.ScanWith(func() string { return "A" }, func(state, v string) string { return max(state, strings.ToUpper(v)) })
	tptest.Doc(t, "scan_with.go", "ScanWith", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"the state is kept": {"-b-a-c|", "-B-B-C|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-b-c#", "-B-C#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	none := func() int { return 0 }
	requireInvalid(t, operators.ScanWith[int](none, nil), "ScanWith: fn is nil")
	requireInvalid(t, operators.ScanWith(nil, plus), "ScanWith: seed is nil")
	requirePanics(t, operators.ScanWith(none, func(int, string) int { panic(errBoom) }))
	err := operators.ScanWith(func() int { panic(errBoom) }, plus)(turbopipes.Just(1)).Drain(t.Context())
	require.ErrorIs(t, err, errBoom)
}

// counted counts the items in a map, which is changed in place.
func counted(n map[string]int, v string) map[string]int {
	n[v]++
	return n
}

func noCounts() map[string]int { return map[string]int{} }

// retried runs op a second time after a failure, and returns the last item of the second
// run.
func retried(t *testing.T, op turbopipes.Operator[string, map[string]int]) map[string]int {
	t.Helper()
	runs := 0
	words := turbopipes.Defer(func(context.Context) (turbopipes.Observable[string], error) {
		if runs++; runs == 1 {
			return operators.Concat(turbopipes.Throw[string](errBoom))(turbopipes.Just("a", "b", "a")), nil
		}
		return turbopipes.Just("a", "b", "a"), nil
	})
	counts, err := operators.Last[map[string]int]()(operators.Retry[map[string]int](1)(op(words))).Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, counts, 1)
	return counts[0]
}

// A Retry runs upstream again. A seed that is changed in place keeps the changes of the
// failed run, unless each run makes its own seed.
func TestScanWithBeginsAnew(t *testing.T) {
	right := map[string]int{"a": 2, "b": 1}
	//turbopipesvet:ignore sharedseed the test shows what a shared seed does
	require.Equal(t, map[string]int{"a": 4, "b": 2}, retried(t, operators.Scan(noCounts(), counted)), "all runs share Scan's seed")
	//turbopipesvet:ignore sharedseed the test shows what a shared seed does
	require.Equal(t, map[string]int{"a": 4, "b": 2}, retried(t, operators.Reduce(noCounts(), counted)), "and Reduce's")
	require.Equal(t, right, retried(t, operators.ScanWith(noCounts, counted)))
	require.Equal(t, right, retried(t, operators.ReduceWith(noCounts, counted)))
}

func ExampleScanWith() {
	words := turbopipes.Just("a", "rose", "is", "a", "rose")
	counts := operators.ScanWith(func() map[string]int { return map[string]int{} }, func(n map[string]int, word string) map[string]int {
		n[word]++
		return n
	})(words)
	snapshots := operators.Map(maps.Clone[map[string]int])(counts)
	fmt.Println(operators.TakeLast[map[string]int](2)(snapshots).Collect(context.Background()))
	// Output: [map[a:2 is:1 rose:1] map[a:2 is:1 rose:2]] <nil>
}

func BenchmarkScanWith(b *testing.B) {
	benchmark(b, operators.ScanWith(func() int { return 0 }, plus))
}
