package operators_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestFlatMapSeq(t *testing.T) {
	op := operators.FlatMapSeq(func(v string) iter.Seq[string] {
		if v == "n" {
			return slices.Values([]string(nil))
		}
		return slices.Values([]string{v, strings.ToUpper(v)})
	})
	tptest.Doc(t, "flat_map_seq.go", "FlatMapSeq", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"an empty one":      {"-n-a---|", "---(aA)|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a----b---#", "-(aA)-(bB)#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.FlatMapSeq[int, int](nil), "FlatMapSeq: fn is nil")
	requirePanics(t, operators.FlatMapSeq(func(string) iter.Seq[int] { panic(errBoom) }))
	requirePanics(t, operators.FlatMapSeq(func(string) iter.Seq[int] { return func(func(int) bool) { panic(errBoom) } }))
	err := operators.FlatMapSeq(func(int) iter.Seq[int] { return nil })(turbopipes.Just(1, 2)).Drain(t.Context())
	require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
	require.ErrorContains(t, err, "FlatMapSeq: fn has returned a nil iterator")
}

// endless yields 0, 1, 2 … for ever, and notes whether it has returned.
func endless(n *int, over *bool) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer func() { *over = true }()
		for ; yield(*n); *n++ {
		}
	}
}

func TestFlatMapSeqStops(t *testing.T) {
	n, over := 0, false
	op := operators.FlatMapSeq(func(int) iter.Seq[int] { return endless(&n, &over) })
	items, err := operators.Take[int](3)(op(turbopipes.Just(7, 8))).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 2}, items)
	require.True(t, over, "refused, the iterator has ended")

	n, over = 0, false
	ctx, cancel := context.WithCancelCause(t.Context())
	none := operators.Filter(func(v int) bool {
		if v == 10 {
			cancel(errLate)
		}
		return false
	})
	require.Equal(t, errLate, none(op(turbopipes.Just(7, 8))).Drain(ctx), "nothing refuses, and ctx is seen")
	require.True(t, over)
	require.Equal(t, 11, n)

	stubborn := func(int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for v := range 10 {
				yield(v)
			}
		}
	}
	items, err = operators.Take[int](3)(turbopipes.Checked(operators.FlatMapSeq(stubborn)(turbopipes.Just(7, 8)))).Collect(t.Context())
	require.NoError(t, err, "an iterator that goes on reaches nobody")
	require.Equal(t, []int{0, 1, 2}, items)
}

func TestFlatMapSeqGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		op := operators.FlatMapSeq(func(v int) iter.Seq[int] { return slices.Values([]int{v, v, v}) })
		s := endedBy(t, op(turbopipes.Interval(time.Second)), 400*time.Millisecond, 1500*time.Millisecond, stop)
		require.True(t, s.completed)
		require.Equal(t, []int{0, 0, 0}, s.items, "the iterator in hand is let out")
	})
}

func ExampleFlatMapSeq() {
	lines := turbopipes.Just("a rose is", "a rose")
	words := operators.FlatMapSeq(strings.FieldsSeq)(lines)
	fmt.Println(words.Collect(context.Background()))
	// Output: [a rose is a rose] <nil>
}

func BenchmarkFlatMapSeq(b *testing.B) {
	seq := slices.Values(make([]int, 16))
	benchmark(b, operators.FlatMapSeq(func(int) iter.Seq[int] { return seq }))
}
