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

func TestWindowWithTimeOrCount(t *testing.T) {
	windows := func(d, n int, opts ...turbopipes.QueueOption) turbopipes.Operator[string, turbopipes.Observable[string]] {
		return operators.WindowWithTimeOrCount[string](time.Duration(d)*tptest.Step, n, opts...)
	}
	tptest.Doc(t, "window_with_time_or_count.go", "WindowWithTimeOrCount", lettered(windows(4, 3)))
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		opts    []tptest.Option
	}{
		"by time":                 {shown(1, windows(4, 9)), "ab-c-d---|", "0:{1a} 1:{1b} 3:{1c} 4:{1.} 5:{2d} 9:{2.} 9:|", nil},
		"by count":                {shown(1, windows(9, 2)), "abc-|", "0:{1a} 1:{1b} 1:{1.} 2:{2c} 4:{2.} 4:|", nil},
		"of one":                  {shown(1, windows(9, 1)), "a-b-|", "0:{1a} 0:{1.} 2:{2b} 2:{2.} 4:|", nil},
		"an item at the deadline": {shown(1, windows(4, 9)), "a---b-|", "0:{1a} 4:{1.} 4:{2b} 6:{2.} 6:|", nil},
		"empty":                   {shown(1, windows(4, 2)), "-----|", "-----|", nil},
		"an error at first":       {shown(1, windows(4, 2)), "#", "#", nil},
		"an error late":           {shown(1, windows(4, 2)), "abc#", "0:{1a} 1:{1b} 1:{1.} 2:{2c} 3:#", nil},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.opts...) })
	}
	for text, op := range map[string]turbopipes.Operator[int, turbopipes.Observable[int]]{
		"span is 0s, want more than 0": operators.WindowWithTimeOrCount[int](0, 1),
		"n is 0, want at least 1":      operators.WindowWithTimeOrCount[int](1, 0),
		"option 1 is nil":              operators.WindowWithTimeOrCount[int](1, 1, nil),
	} {
		requireInvalid(t, op, "WindowWithTimeOrCount: "+text)
	}
}

// While downstream has one window in hand and another waits, upstream waits with the
// item that would open a third.
func TestWindowWithTimeOrCountHoldsUpstream(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var source counting
		s := endedBy(t, operators.WindowWithTimeOrCount[int](time.Second, 2)(source.stream(100)), 9*time.Second, 4*time.Second, dispose)
		require.Len(t, s.items, 1)
		require.EqualValues(t, 4, source.accepted.Load())
		require.EqualValues(t, 5, source.begun.Load())
	})
}

func TestWindowWithTimeOrCountConserves(t *testing.T) {
	for after := time.Duration(0); after < 9*time.Second; after += 500 * time.Millisecond {
		bubble(t, after.String(), func(t *testing.T) {
			conserves(t, windowed(1, operators.WindowWithTimeOrCount[int](900*time.Millisecond, 3)), after)
		})
	}
}

func ExampleWindowWithTimeOrCount() {
	lines := turbopipes.Just("l1", "l2", "l3")
	// Uploads of at most two lines, each begun with its first line and over within
	// a second.
	uploads := operators.WindowWithTimeOrCount[string](time.Second, 2)(lines)
	for upload, err := range uploads.Seq(context.Background()) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(upload.Collect(context.Background()))
	}
	// Output:
	// [l1 l2] <nil>
	// [l3] <nil>
}

func BenchmarkWindowWithTimeOrCount(b *testing.B) {
	benchmark(b, windowed(1, operators.WindowWithTimeOrCount[int](time.Hour, 64)))
}
