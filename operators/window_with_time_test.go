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

func TestWindowWithTime(t *testing.T) {
	windows := func(d int, opts ...operators.WindowWithTimeOption) turbopipes.Operator[string, turbopipes.Observable[string]] {
		return operators.WindowWithTime[string](time.Duration(d)*tptest.Step, opts...)
	}
	tptest.Doc(t, "window_with_time.go", "WindowWithTime", lettered(windows(4)))
	empties := operators.EmitEmpty()
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		opts    []tptest.Option
	}{
		"one after another":          {shown(1, windows(4)), "ab-c-d------e-|", "0:{1a} 1:{1b} 3:{1c} 4:{1.} 5:{2d} 8:{2.} 12:{3e} 14:{3.} 14:|", nil},
		"an item at a tick":          {shown(1, windows(4)), "a---b-|", "0:{1a} 4:{1.} 4:{2b} 6:{2.} 6:|", nil},
		"empty":                      {shown(1, windows(4)), "---------|", "---------|", nil},
		"an error at first":          {shown(1, windows(4)), "#", "#", nil},
		"an error late":              {shown(1, windows(4)), "a----b#", "0:{1a} 4:{1.} 5:{2b} 6:#", nil},
		"empties":                    {shown(1, windows(4, empties)), "--a--------b-|", "2:{1a} 4:{1.} 8:{2.} 11:{3b} 12:{3.} 13:{4.} 13:|", nil},
		"empties only":               {shown(1, windows(4, empties)), "------|", "4:{1.} 6:{2.} 6:|", nil},
		"empties, an item at a tick": {shown(1, windows(4, empties)), "----b-|", "4:{1.} 4:{2b} 6:{2.} 6:|", nil},
		"an item that waits goes on": {
			shown(1, windows(3, turbopipes.WithQueue(1))), "abcd-----|",
			"0:{1a} 5:{1b} 10:{1.} 15:{2c} 20:{2.} 25:{3d} 30:{3.} 35:|",
			[]tptest.Option{tptest.Busy(5 * tptest.Step), tptest.Once()},
		},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.opts...) })
	}
	for text, op := range map[string]turbopipes.Operator[int, turbopipes.Observable[int]]{
		"span is 0s, want more than 0":       operators.WindowWithTime[int](0),
		"option 1 is nil":                    operators.WindowWithTime[int](1, nil),
		"WithQueue: n is 0, want at least 1": operators.WindowWithTime[int](1, turbopipes.WithQueue(0)),
	} {
		requireInvalid(t, op, "WindowWithTime: "+text)
	}
}

// Upstream waits for a window that nobody reads until the tick, and no longer.
func TestWindowWithTimeUnreadWindows(t *testing.T) {
	for name, opts := range map[string][]operators.WindowWithTimeOption{"": nil, "empties": {operators.EmitEmpty()}} {
		bubble(t, name, func(t *testing.T) {
			var source counting
			op := operators.WindowWithTime[int](time.Second, append(opts, turbopipes.WithQueue(2))...)
			s := endedBy(t, op(source.stream(10)), 0, 0, itself)
			require.NoError(t, s.err)
			require.Len(t, s.items, 5)
			require.EqualValues(t, 10, source.accepted.Load())
			require.Equal(t, 4*time.Second, s.took)
		})
	}
}

// While downstream has no room for another window, ticks collapse.
func TestWindowWithTimeBusyDownstream(t *testing.T) {
	for name, opts := range map[string][]operators.WindowWithTimeOption{"": nil, "empties": {operators.EmitEmpty()}} {
		bubble(t, name, func(t *testing.T) {
			op := operators.WindowWithTime[int](time.Second, opts...)
			s := endedBy(t, op(turbopipes.Interval(400*time.Millisecond)), 10*time.Second, 35*time.Second, dispose)
			require.Len(t, s.items, 4)
			items, err := s.items[1].Collect(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, items)
		})
	}
}

func TestWindowWithTimeConserves(t *testing.T) {
	for name, opts := range map[string][]operators.WindowWithTimeOption{
		"": nil, "empties": {operators.EmitEmpty()}, "small": {turbopipes.WithQueue(1)},
		"dropping": {turbopipes.WithQueue(1), turbopipes.WithOverflow(turbopipes.DropNewest)},
	} {
		for after := time.Duration(0); after < 9*time.Second; after += 500 * time.Millisecond {
			bubble(t, fmt.Sprint(name, after), func(t *testing.T) {
				conserves(t, windowed(1, operators.WindowWithTime[int](900*time.Millisecond, opts...)), after)
			})
		}
	}
}

func TestWindowWithTimeFails(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		op := operators.WindowWithTime[int](time.Second, turbopipes.WithQueue(2), turbopipes.WithOverflow(turbopipes.Fail))
		s := endedBy(t, op(turbopipes.Range(0, 10)), 0, 0, itself)
		require.EqualError(t, s.err, "turbopipes: overflow: WindowWithTime: the queue of a stream is full")
		require.EqualValues(t, 1, s.stats.Dropped)
		items, err := s.items[0].Collect(t.Context())
		require.ErrorIs(t, err, turbopipes.ErrOverflow)
		require.Equal(t, []int{0, 1}, items)
	})
}

func ExampleWindowWithTime() {
	clicks := turbopipes.Just("a", "b", "c")
	perMinute := operators.WindowWithTime[string](time.Minute)(clicks)
	counts := operators.ConcatMap(func(w turbopipes.Observable[string]) turbopipes.Observable[int] {
		return operators.Reduce(0, func(n int, _ string) int { return n + 1 })(w)
	})(perMinute)
	fmt.Println(counts.Collect(context.Background()))
	// Output: [3] <nil>
}

func BenchmarkWindowWithTime(b *testing.B) {
	benchmark(b, windowed(1, operators.WindowWithTime[int](time.Hour)))
}
