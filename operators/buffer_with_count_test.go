package operators_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// buffered is a BufferWithCount whose slices are strings.
func buffered(n int, opts ...operators.BufferWithCountOption) turbopipes.Operator[string, string] {
	return turbopipes.Compose2(operators.BufferWithCount[string](n, opts...), operators.Map(func(b []string) string { return strings.Join(b, "") }))
}

func TestBufferWithCount(t *testing.T) {
	names := map[string]string{"ab": "x", "cd": "y", "e": "z"}
	tptest.Doc(t, "buffer_with_count.go", "BufferWithCount",
		turbopipes.Compose2(buffered(2), operators.Map(func(b string) string { return names[b] })))
	flush := operators.FlushOnError()
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"empty":                      {buffered(2), "--|", "--|"},
		"no rest":                    {buffered(2), "ab-|", "-{ab}-|"},
		"one at a time":              {buffered(1), "ab-|", "ab-|"},
		"only a rest":                {buffered(9), "ab-|", "---({ab}|)"},
		"an error at first":          {buffered(2), "#", "#"},
		"an error drops the rest":    {buffered(2), "abc#", "-{ab}-#"},
		"unless it flushes":          {buffered(2, flush), "abc#", "-{ab}-(c#)"},
		"flushing nothing":           {buffered(2, flush), "ab#", "-{ab}#"},
		"flushing at completion":     {buffered(2, flush), "abc|", "-{ab}-(c|)"},
		"overlapping":                {buffered(3, operators.WithStep(2)), "a-b-c-d-e|", "----{abc}---{cde}({e}|)"}, // 16
		"overlapping, an error":      {buffered(3, operators.WithStep(2)), "a-b-c-d#", "----{abc}--#"},
		"overlapping, flushing":      {buffered(3, operators.WithStep(1), flush), "abcd#", "--{abc}{bcd}({cd}d#)"},
		"overlapping, all at once":   {buffered(3, operators.WithStep(1)), "ab|", "--({ab}b|)"},
		"gaps":                       {buffered(2, operators.WithStep(3)), "abcdefg|", "-{ab}--{de}--(g|)"},
		"gaps, ending in one":        {buffered(2, operators.WithStep(3)), "abc|", "-{ab}-|"},
		"a step of its size":         {buffered(2, operators.WithStep(2)), "abcd|", "-{ab}-{cd}|"},
		"a slice that is never full": {buffered(math.MaxInt), "ab|", "--({ab}|)"},
	} {
		t.Run(name, func(t *testing.T) {
			var opts []tptest.Option
			if strings.HasSuffix(name, "flushing") || strings.HasSuffix(name, "flushes") {
				opts = append(opts, tptest.Once()) // upstream's failure is known when downstream leaves
			}
			tptest.Marbles(t, c.in, c.op, c.out, opts...)
		})
	}
	for text, op := range map[string]turbopipes.Operator[int, []int]{
		"n is 0, want at least 1":           operators.BufferWithCount[int](0),
		"WithStep: n is 0, want at least 1": operators.BufferWithCount[int](1, operators.WithStep(0)),
		"option 1 is nil":                   operators.BufferWithCount[int](1, nil),
	} {
		requireInvalid(t, op, "BufferWithCount: "+text)
	}
}

func TestBufferWithCountSlicesAreTheReceivers(t *testing.T) {
	all, err := operators.BufferWithCount[int](3, operators.WithStep(2))(turbopipes.Range(0, 6)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, [][]int{{0, 1, 2}, {2, 3, 4}, {4, 5}}, all)
	for _, b := range all {
		for i := range b {
			b[i] = -1
		}
		_ = append(b, -1)
	}
	again, err := operators.BufferWithCount[int](3, operators.WithStep(2))(turbopipes.Range(0, 6)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, [][]int{{0, 1, 2}, {2, 3, 4}, {4, 5}}, again)
}

// Every item is in a slice that was handed over, or is counted.
func TestBufferWithCountDiscards(t *testing.T) {
	step := func(k int) []operators.BufferWithCountOption {
		return []operators.BufferWithCountOption{operators.WithStep(k)}
	}
	flush := []operators.BufferWithCountOption{operators.FlushOnError()}
	failing := operators.Concat(turbopipes.Throw[int](errBoom))(turbopipes.Range(0, 8))
	panicking := operators.Concat(operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(0)))(turbopipes.Range(0, 8))
	endless := operators.Concat(turbopipes.Never[int]())(turbopipes.Range(0, 8))
	for name, c := range map[string]struct {
		in   turbopipes.Observable[int]
		opts []operators.BufferWithCountOption
		lost int64
		last []int // the last slice
	}{
		"completion":              {turbopipes.Range(0, 8), nil, 0, []int{6, 7}},
		"an error":                {failing, nil, 2, []int{3, 4, 5}},
		"an error, flushed":       {failing, flush, 0, []int{6, 7}},
		"a panic":                 {panicking, nil, 2, []int{3, 4, 5}},
		"a panic, flushed":        {panicking, flush, 0, []int{6, 7}},
		"disposal":                {endless, nil, 2, []int{3, 4, 5}},
		"disposal does not flush": {endless, flush, 2, []int{3, 4, 5}},
		"overlapping":             {failing, step(2), 1, []int{4, 5, 6}}, // 7 is in {6 7} only
		"overlapping by two":      {failing, step(1), 0, []int{5, 6, 7}},
		"gaps":                    {failing, step(5), 0, []int{5, 6, 7}},
	} {
		bubble(t, name, func(t *testing.T) {
			var last []int
			s := operators.BufferWithCount[int](3, c.opts...)(c.in).Subscribe(t.Context(), turbopipes.Observer[[]int]{Next: func(b []int) { last = b }})
			time.Sleep(time.Second)
			s.Dispose()
			require.Equal(t, c.last, last)
			require.Equal(t, c.lost, s.Stats().Discarded)
		})
	}
	t.Run("a stop", func(t *testing.T) { // the slice that was refused was handed over
		s := operators.Take[[]int](1)(operators.BufferWithCount[int](3, operators.WithStep(2))(turbopipes.Range(0, 8))).Subscribe(t.Context(), turbopipes.Observer[[]int]{})
		require.NoError(t, s.Wait())
		require.Zero(t, s.Stats().Discarded)
	})
	t.Run("a stop while it flushes", func(t *testing.T) {
		s := operators.Take[[]int](1)(operators.BufferWithCount[int](9, operators.WithStep(1))(turbopipes.Range(0, 8))).Subscribe(t.Context(), turbopipes.Observer[[]int]{})
		require.NoError(t, s.Wait())
		require.EqualValues(t, 1, s.Stats().Delivered)
	})
}

func TestBufferWithCountGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var sizes []int
		s := operators.BufferWithCount[int](4)(turbopipes.Interval(time.Second)).Subscribe(t.Context(), turbopipes.Observer[[]int]{
			Next: func(b []int) { sizes = append(sizes, len(b)) },
		})
		time.Sleep(6500 * time.Millisecond)
		require.NoError(t, s.Stop(t.Context()))
		require.Equal(t, []int{4, 2}, sizes)
	})
}

func ExampleBufferWithCount() {
	ids := turbopipes.Range(1, 7)
	batches := operators.BufferWithCount[int](3)(ids)
	_ = batches.Each(context.Background(), func(batch []int) error {
		_, err := fmt.Println("insert", batch)
		return err
	})
	// Output:
	// insert [1 2 3]
	// insert [4 5 6]
	// insert [7]
}

func BenchmarkBufferWithCount(b *testing.B) {
	b.Run("n=16", func(b *testing.B) { benchmark(b, operators.BufferWithCount[int](16)) })
	b.Run("n=16,step=4", func(b *testing.B) { benchmark(b, operators.BufferWithCount[int](16, operators.WithStep(4))) })
}
