package operators_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// strung returns op with strings for its slices. An empty slice is 0.
func strung(op turbopipes.Operator[string, []string]) turbopipes.Operator[string, string] {
	return turbopipes.Compose2(op, operators.Map(func(b []string) string {
		if len(b) == 0 {
			return "0"
		}
		return strings.Join(b, "")
	}))
}

func TestBufferWithTime(t *testing.T) {
	buffer := func(d int, opts ...operators.BufferWithTimeOption) turbopipes.Operator[string, string] {
		return strung(operators.BufferWithTime[string](time.Duration(d)*tptest.Step, opts...))
	}
	tptest.Doc(t, "buffer_with_time.go", "BufferWithTime", buffer(4)) // 17
	empties, flush := operators.EmitEmpty(), operators.FlushOnError()
	busy := []tptest.Option{tptest.Busy(5 * tptest.Step)}
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		opts    []tptest.Option
	}{
		"empty":                      {buffer(4), "------|", "------|", nil},
		"empties":                    {buffer(4, empties), "a--------b|", "4:a 8:0 10:b 10:|", nil},
		"empties at completion":      {buffer(4, empties), "-|", "1:0 1:|", nil},
		"an item at a tick":          {buffer(4), "a---b-|", "----a-(b|)", nil},
		"completion at a tick":       {buffer(4), "a---|", "----(a|)", nil},
		"an error at first":          {buffer(4), "#", "#", nil},
		"an error drops the rest":    {buffer(4), "a----b#", "----a-#", nil},
		"unless it flushes":          {buffer(4, flush), "a----b#", "----a-(b#)", []tptest.Option{tptest.Once()}},
		"flushing nothing":           {buffer(4, flush, empties), "a----#", "----a#", nil},
		"at its most it holds":       {buffer(4, operators.WithMaxItems(2)), "abcd----e|", "----{ab}---{cd}(e|)", nil},
		"full at completion":         {buffer(9, operators.WithMaxItems(2)), "ab|", "--({ab}|)", nil},
		"ticks of a busy downstream": {buffer(2), "ab-cd----e---|", "2:{ab} 8:{cd} 13:e 18:|", busy},
		"empties of a busy one":      {buffer(2, empties), "a---------|", "2:a 7:0 12:0 17:0 22:|", busy},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.opts...) })
	}
	for text, op := range map[string]turbopipes.Operator[int, []int]{
		"span is 0s, want more than 0":          operators.BufferWithTime[int](0),
		"option 1 is nil":                       operators.BufferWithTime[int](1, nil),
		"WithMaxItems: n is 0, want at least 1": operators.BufferWithTime[int](1, operators.WithMaxItems(0)),
	} {
		requireInvalid(t, op, "BufferWithTime: "+text)
	}
}

// accounted checks, for each kind of end, the three items that a buffer holds. flush is
// FlushOnError.
func accounted[O any](t *testing.T, flush O, buffer func(opts ...O) turbopipes.Operator[int, []int]) {
	t.Helper()
	three := timed(0, 1, 2)
	fails := operators.Concat(turbopipes.Throw[int](errBoom))(three)
	for name, c := range map[string]struct {
		in    turbopipes.Observable[int]
		opts  []O
		end   func(*testing.T, *turbopipes.Subscription)
		err   error
		items [][]int
		lost  int64
	}{
		"an error":             {fails, nil, itself, errBoom, nil, 3},
		"an error, flushing":   {fails, []O{flush}, itself, errBoom, [][]int{{0, 1, 2}}, 0},
		"a dispose":            {silent(three), nil, dispose, nil, nil, 3},
		"a dispose, no flush":  {silent(three), []O{flush}, dispose, nil, nil, 3},
		"a graceful stop":      {silent(three), nil, stop, nil, [][]int{{0, 1, 2}}, 0},
		"a completion flushes": {three, nil, itself, nil, [][]int{{0, 1, 2}}, 0},
	} {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, buffer(c.opts...)(c.in), 0, 5*time.Second, c.end)
			require.ErrorIs(t, s.err, c.err)
			require.Equal(t, c.items, s.items)
			require.Equal(t, c.lost, s.stats.Discarded)
		})
	}
}

func TestBufferWithTimeDiscards(t *testing.T) {
	accounted[operators.BufferWithTimeOption](t, operators.FlushOnError(), func(opts ...operators.BufferWithTimeOption) turbopipes.Operator[int, []int] {
		return operators.BufferWithTime[int](time.Hour, opts...)
	})
}

// Upstream waits while a slice is full, with one item in hand.
func TestBufferWithTimeHoldsUpstream(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var source counting
		op := operators.BufferWithTime[int](time.Hour, operators.WithMaxItems(3))
		s := endedBy(t, op(source.stream(100)), 0, 90*time.Minute, dispose)
		require.Equal(t, [][]int{{0, 1, 2}}, s.items)
		require.EqualValues(t, 7, source.accepted.Load())
		require.EqualValues(t, 8, source.begun.Load())
		require.EqualValues(t, 5, s.stats.Discarded, "and one in upstream's hand")
	})
}

func ExampleBufferWithTime() {
	readings := turbopipes.Just(3, 5, 4)
	perSecond := operators.BufferWithTime[int](time.Second)(readings)
	fmt.Println(perSecond.Collect(context.Background()))
	// Output: [[3 5 4]] <nil>
}

func BenchmarkBufferWithTime(b *testing.B) { benchmark(b, operators.BufferWithTime[int](time.Hour)) }
