package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestSlidingWindow(t *testing.T) {
	slide := func(size, step int, opts ...operators.SlidingWindowOption) turbopipes.Operator[string, string] {
		return strung(operators.SlidingWindow[string](size, step, opts...))
	}
	tptest.Doc(t, "sliding_window.go", "SlidingWindow", turbopipes.Compose2(slide(3, 2), operators.Map(func(b string) string {
		return map[string]string{"abc": "x", "cde": "y"}[b]
	})))
	partial, flush := operators.Partial(), operators.FlushOnError()
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		opts    []tptest.Option
	}{
		"empty":                   {slide(2, 1), "--|", "--|", nil},
		"by one":                  {slide(2, 1), "abcd|", "-{ab}{bc}{cd}|", nil},
		"side by side":            {slide(2, 2), "abcde|", "-{ab}-{cd}-|", nil},
		"of one":                  {slide(1, 1), "ab|", "ab|", nil},
		"with gaps":               {slide(2, 3), "abcdef|", "-{ab}--{de}-|", nil},
		"shorter than one":        {slide(3, 1), "ab|", "--|", nil},
		"partial":                 {slide(3, 2, partial), "abcd|", "--{abc}-({cd}|)", nil},
		"partial, of a short one": {slide(3, 1, partial), "ab|", "--({ab}|)", nil},
		"partial, nothing new":    {slide(3, 2, partial), "abcde|", "--{abc}-{cde}|", nil},
		"partial, in a gap":       {slide(1, 3, partial), "ab|", "a-|", nil},
		"partial, behind a gap":   {slide(2, 3, partial), "abcd|", "-{ab}--(d|)", nil},
		"an error at first":       {slide(2, 1, partial), "#", "#", nil},
		"an error":                {slide(3, 1, partial), "ab#", "--#", nil},
		"an error, flushing":      {slide(3, 1, partial, flush), "ab#", "--({ab}#)", []tptest.Option{tptest.Once()}},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.opts...) })
	}
	for text, op := range map[string]turbopipes.Operator[int, []int]{
		"n is 0, want at least 1":    operators.SlidingWindow[int](0, 1),
		"step is 0, want at least 1": operators.SlidingWindow[int](1, 0),
		"option 1 is nil":            operators.SlidingWindow[int](1, 1, nil),
	} {
		requireInvalid(t, op, "SlidingWindow: "+text)
	}
}

// Items that were in no slice count as discarded at an early end.
func TestSlidingWindowDiscards(t *testing.T) {
	fails := operators.Concat(turbopipes.Throw[int](errBoom))(turbopipes.Range(0, 6))
	s := endedBy(t, operators.SlidingWindow[int](4, 3)(fails), 0, 0, itself)
	require.Equal(t, errBoom, s.err)
	require.Equal(t, [][]int{{0, 1, 2, 3}}, s.items)
	require.EqualValues(t, 2, s.stats.Discarded)
	s = endedBy(t, operators.SlidingWindow[int](4, 3)(turbopipes.Range(0, 6)), 0, 0, itself)
	require.Zero(t, s.stats.Discarded, "what is no whole slice is left out, not lost")
}

func TestSlidingWindowSlicesAreTheReceivers(t *testing.T) {
	all, err := operators.SlidingWindow[int](3, 1)(turbopipes.Range(0, 5)).Collect(t.Context())
	require.NoError(t, err)
	for _, b := range all {
		b[2] = -1
		_ = append(b, -2)
	}
	require.Equal(t, [][]int{{0, 1, -1}, {1, 2, -1}, {2, 3, -1}}, all)
}

func ExampleSlidingWindow() {
	prices := turbopipes.Just(10, 12, 11, 16)
	mean := operators.Map(func(w []int) float64 { return float64(w[0]+w[1]+w[2]) / 3 })
	fmt.Println(turbopipes.Pipe2(prices, operators.SlidingWindow[int](3, 1), mean).Collect(context.Background()))
	// Output: [11 13] <nil>
}

func BenchmarkSlidingWindow(b *testing.B) { benchmark(b, operators.SlidingWindow[int](8, 1)) }
