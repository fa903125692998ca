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

// gathered returns a BufferWithTimeOrCount with a time of d columns. Its slices are
// strings.
func gathered(d, n int, opts ...operators.BufferWithTimeOrCountOption) turbopipes.Operator[string, string] {
	buffer := operators.BufferWithTimeOrCount[string](time.Duration(d)*tptest.Step, n, opts...)
	return turbopipes.Compose2(buffer, operators.Map(func(b []string) string { return strings.Join(b, "") }))
}

func TestBufferWithTimeOrCount(t *testing.T) {
	tptest.Doc(t, "buffer_with_time_or_count.go", "BufferWithTimeOrCount", gathered(4, 3)) // 18
	flush := operators.FlushOnError()
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		opts    []tptest.Option
	}{
		"empty":                      {gathered(4, 3), "-----|", "-----|", nil},
		"one at a time":              {gathered(4, 1), "ab-c|", "ab-c|", nil},
		"by time":                    {gathered(4, 9), "ab-c--d-e---|", "----{abc}-----{de}-|", nil},
		"by count":                   {gathered(9, 2), "abcd|", "-{ab}-{cd}|", nil},
		"an idle stream":             {gathered(2, 9), "a-------b---|", "--a-------b-|", nil},
		"from each first item":       {gathered(4, 2), "abc----d-|", "-{ab}----c--(d|)", nil},
		"completion":                 {gathered(9, 9), "ab|", "--({ab}|)", nil},
		"an item at the deadline":    {gathered(4, 9), "a---b-|", "----a-(b|)", nil},
		"an error at first":          {gathered(4, 3), "#", "#", nil},
		"an error drops the rest":    {gathered(9, 2), "abc#", "-{ab}-#", nil},
		"unless it flushes":          {gathered(9, 2, flush), "abc#", "-{ab}-(c#)", []tptest.Option{tptest.Once()}},
		"flushing nothing":           {gathered(9, 2, flush), "ab#", "-{ab}#", nil},
		"a busy downstream":          {gathered(9, 2), "abcdef|", "1:{ab} 6:{cd} 11:{ef} 16:|", []tptest.Option{tptest.Busy(5 * tptest.Step)}},
		"busy beyond the time":       {gathered(3, 2), "abc-----d|", "1:{ab} 8:{cd} 13:|", []tptest.Option{tptest.Busy(5 * tptest.Step)}},
		"time goes on while it is":   {gathered(3, 9), "abc-d----e--|", "3:{abc} 11:{de} 16:|", []tptest.Option{tptest.Busy(5 * tptest.Step)}},
		"a slice that is never full": {gathered(4, math.MaxInt), "ab---|", "----{ab}|", nil},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.opts...) })
	}
	for text, op := range map[string]turbopipes.Operator[int, []int]{
		"span is 0s, want more than 0": operators.BufferWithTimeOrCount[int](0, 1),
		"n is 0, want at least 1":      operators.BufferWithTimeOrCount[int](1, 0),
		"option 1 is nil":              operators.BufferWithTimeOrCount[int](1, 1, nil),
	} {
		requireInvalid(t, op, "BufferWithTimeOrCount: "+text)
	}
}

// While a slice is being delivered, upstream waits, with one item in hand.
func TestBufferWithTimeOrCountHoldsUpstream(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var source counting
		s := endedBy(t, operators.BufferWithTimeOrCount[int](time.Hour, 2)(source.stream(100)), time.Second, 2500*time.Millisecond, dispose)
		require.Equal(t, [][]int{{0, 1}, {2, 3}, {4, 5}}, s.items)
		require.EqualValues(t, 6, source.accepted.Load())
		require.EqualValues(t, 7, source.begun.Load())
		require.EqualValues(t, 1, s.stats.Discarded, "in upstream's hand")
	})
}

// The unfinished slice is counted, except at a completion, which flushes it.
func TestBufferWithTimeOrCountDiscards(t *testing.T) {
	three := timed(0, 1, 2)
	fails := operators.Concat(turbopipes.Throw[int](errBoom))(three)
	panics := operators.Concat(turbopipes.Create(func(context.Context, func(int) bool) error { panic(errBoom) }))(three)
	flush := operators.FlushOnError()
	for name, c := range map[string]struct {
		in    turbopipes.Observable[int]
		opts  []operators.BufferWithTimeOrCountOption
		end   func(*testing.T, *turbopipes.Subscription)
		err   error
		items [][]int
		lost  int64
	}{
		"an error":             {fails, nil, itself, errBoom, nil, 3},
		"an error, flushing":   {fails, []operators.BufferWithTimeOrCountOption{flush}, itself, errBoom, [][]int{{0, 1, 2}}, 0},
		"a panic":              {panics, nil, itself, errBoom, nil, 3},
		"a panic, flushing":    {panics, []operators.BufferWithTimeOrCountOption{flush}, itself, errBoom, [][]int{{0, 1, 2}}, 0},
		"a dispose":            {silent(three), nil, dispose, nil, nil, 3},
		"a dispose, no flush":  {silent(three), []operators.BufferWithTimeOrCountOption{flush}, dispose, nil, nil, 3},
		"a graceful stop":      {silent(three), nil, stop, nil, [][]int{{0, 1, 2}}, 0},
		"a completion flushes": {three, nil, itself, nil, [][]int{{0, 1, 2}}, 0},
	} {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, operators.BufferWithTimeOrCount[int](time.Hour, 9, c.opts...)(c.in), 0, 5*time.Second, c.end)
			require.ErrorIs(t, s.err, c.err)
			require.Equal(t, c.items, s.items)
			require.Equal(t, c.lost, s.stats.Discarded)
		})
	}
}

// Downstream may change a slice that it has received.
func TestBufferWithTimeOrCountSlicesAreTheReceivers(t *testing.T) {
	all, err := operators.BufferWithTimeOrCount[int](time.Hour, 3)(turbopipes.Range(0, 7)).Collect(t.Context())
	require.NoError(t, err)
	for _, b := range all {
		_ = append(b, -1)
	}
	require.Equal(t, [][]int{{0, 1, 2}, {3, 4, 5}, {6}}, all)
}

func ExampleBufferWithTimeOrCount() {
	rows := operators.Concat(turbopipes.Never[string]())(turbopipes.Just("r1", "r2", "r3", "r4", "r5"))
	// Inserts of at most two rows, and no row waits longer than 10 ms.
	inserts := operators.BufferWithTimeOrCount[string](10*time.Millisecond, 2)(rows)
	fmt.Println(operators.Take[[]string](3)(inserts).Collect(context.Background()))
	// Output: [[r1 r2] [r3 r4] [r5]] <nil>
}

func BenchmarkBufferWithTimeOrCount(b *testing.B) {
	benchmark(b, operators.BufferWithTimeOrCount[int](time.Hour, 64))
}
