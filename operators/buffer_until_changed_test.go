package operators_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestBufferUntilChanged(t *testing.T) {
	runs := strung(operators.BufferUntilChanged(strings.ToLower))
	tptest.Doc(t, "buffer_until_changed.go", "BufferUntilChanged", turbopipes.Compose2(runs, operators.Map(func(b string) string {
		return map[string]string{"aA": "x", "bBb": "y", "a": "z"}[b]
	})))
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"one run":           {"aAa|", "---({aAa}|)"},
		"runs of one":       {"abc|", "-ab(c|)"},
		"an error at first": {"#", "#"},
		"an error drops":    {"ab#", "-a#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, runs, c.out) })
	}
	requireInvalid(t, operators.BufferUntilChanged[int, int](nil), "BufferUntilChanged: key is nil")
	requirePanics(t, operators.BufferUntilChanged(func(string) int { panic(errBoom) }))
}

// A key that is the zero value is a key like any other.
func TestBufferUntilChangedZeroKey(t *testing.T) {
	all, err := operators.BufferUntilChanged(func(v int) int { return v / 2 })(turbopipes.Range(0, 5)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, [][]int{{0, 1}, {2, 3}, {4}}, all)
}

func TestBufferUntilChangedDiscards(t *testing.T) {
	fails := operators.Concat(turbopipes.Throw[int](errBoom))(turbopipes.Range(0, 5))
	s := endedBy(t, operators.BufferUntilChanged(func(v int) int { return v / 3 })(fails), 0, 0, itself)
	require.Equal(t, errBoom, s.err)
	require.Equal(t, [][]int{{0, 1, 2}}, s.items)
	require.EqualValues(t, 2, s.stats.Discarded)
}

func ExampleBufferUntilChanged() {
	words := turbopipes.Just("ant", "ape", "bee", "cat", "cow")
	byLetter := operators.BufferUntilChanged(func(w string) byte { return w[0] })(words)
	fmt.Println(byLetter.Collect(context.Background()))
	// Output: [[ant ape] [bee] [cat cow]] <nil>
}

func BenchmarkBufferUntilChanged(b *testing.B) {
	benchmark(b, operators.BufferUntilChanged(func(v int) int { return v / 64 }))
}
