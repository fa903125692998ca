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

// lettered returns op with letters for its items: x, y, z.
func lettered[R any](op turbopipes.Operator[string, R]) turbopipes.Operator[string, string] {
	return turbopipes.Compose2(op, operators.Scan("w", func(last string, _ R) string { return string(last[0] + 1) }))
}

// shown emits the items of the windows, at most n windows at a time, each after the number
// of its window. A full stop shows that a window completes. So 2:{1b} 2:{1.} are item b of
// window 1 and the end of window 1, both in column 2.
func shown(n int, op turbopipes.Operator[string, turbopipes.Observable[string]]) turbopipes.Operator[string, string] {
	stops := operators.Map(func(w turbopipes.Observable[string]) turbopipes.Observable[string] {
		return operators.Concat(turbopipes.Just("."))(w)
	})
	return turbopipes.Compose2(windowed(n, turbopipes.Compose2(op, stops)), operators.Map(func(p placed[int, string]) string {
		return fmt.Sprint(p.in, p.v)
	}))
}

func TestWindowWithCount(t *testing.T) {
	tptest.Doc(t, "window_with_count.go", "WindowWithCount", lettered(operators.WindowWithCount[string](2)))
	items := func(windows, n int, opts ...operators.WindowWithCountOption) turbopipes.Operator[string, string] {
		return shown(windows, operators.WindowWithCount[string](n, opts...))
	}
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		opts    []tptest.Option
	}{
		"one after another": {items(1, 2), "a-b-c-|", "0:{1a} 2:{1b} 2:{1.} 4:{2c} 6:{2.} 6:|", nil},
		"at once":           {items(2, 2), "a-b-c-|", "0:{1a} 2:{1b} 2:{1.} 4:{2c} 6:{2.} 6:|", nil},
		"of one":            {items(1, 1), "a-b|", "0:{1a} 0:{1.} 2:{2b} 2:{2.} 3:|", nil},
		"empty":             {items(1, 2), "--|", "--|", nil},
		"an error at first": {items(1, 2), "#", "#", nil},
		"an error late":     {items(1, 2), "a-b-c-#", "0:{1a} 2:{1b} 2:{1.} 4:{2c} 6:#", nil},
		"overlapping, one after another": {
			items(1, 3, operators.WithStep(1)), "a-b-c-d-|",
			"0:{1a} 2:{1b} 4:{1c} 4:{1.} 4:{2b} 4:{2c} 6:{2d} 6:{2.} 6:{3c} 6:{3d} 8:{3.} 8:{4d} 8:{4.} 8:|", nil,
		},
		"with gaps": {items(1, 1, operators.WithStep(2)), "a-b-c-|", "0:{1a} 0:{1.} 4:{2c} 4:{2.} 6:|", nil},
		"a busy downstream": {
			items(1, 2), "abcd|", "0:{1a} 5:{1b} 10:{1.} 15:{2c} 20:{2d} 25:{2.} 30:|",
			[]tptest.Option{tptest.Busy(5 * tptest.Step)},
		},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.opts...) })
	}
	for text, op := range map[string]turbopipes.Operator[int, turbopipes.Observable[int]]{
		"n is 0, want at least 1":            operators.WindowWithCount[int](0),
		"option 1 is nil":                    operators.WindowWithCount[int](1, nil),
		"WithStep: n is 0, want at least 1":  operators.WindowWithCount[int](1, operators.WithStep(0)),
		"WithQueue: n is 0, want at least 1": operators.WindowWithCount[int](1, turbopipes.WithQueue(0)),
		"WithOverflow: the overflow strategy is -1, want Block, DropNewest, DropOldest or Fail": operators.WindowWithCount[int](1, turbopipes.WithOverflow(-1)),
	} {
		requireInvalid(t, op, "WindowWithCount: "+text)
	}
}

// Upstream waits for the windows that wait, each with all its items, and not for
// one window's queue.
func TestWindowWithCountHoldsUpstream(t *testing.T) {
	for name, c := range map[string]struct {
		opts     []operators.WindowWithCountOption
		accepted int64
	}{
		"windows that wait": {nil, 6},                                                        // in downstream's hand, and waiting
		"overlapping":       {[]operators.WindowWithCountOption{operators.WithStep(1)}, 4},   // the 5th would open another
		"a full queue":      {[]operators.WindowWithCountOption{turbopipes.WithQueue(2)}, 2}, // of the first
	} {
		bubble(t, name, func(t *testing.T) {
			var source counting
			s := endedBy(t, operators.WindowWithCount[int](3, c.opts...)(source.stream(100)), 9*time.Second, 4*time.Second, dispose)
			require.Len(t, s.items, 1)
			require.Equal(t, c.accepted, source.accepted.Load())
		})
	}
}

// Complete windows do not depend on their outer stream.
func TestWindowWithCountOutlivesItsStream(t *testing.T) {
	windows, err := operators.WindowWithCount[int](2)(turbopipes.Range(0, 5)).Collect(t.Context())
	require.NoError(t, err)
	require.Len(t, windows, 3)
	for i, w := range windows {
		items, err := w.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2, 3, 4}[2*i:min(2*i+2, 5)], items)
		_, err = w.Collect(t.Context())
		require.ErrorIs(t, err, turbopipes.ErrAlreadySubscribed)
	}
}

func TestWindowWithCountConserves(t *testing.T) {
	for _, n := range []int{1, 2} {
		for after := time.Duration(0); after < 9*time.Second; after += 500 * time.Millisecond {
			bubble(t, fmt.Sprint(n, after), func(t *testing.T) {
				conserves(t, windowed(n, operators.WindowWithCount[int](3)), after)
			})
		}
	}
}

func TestWindowWithCountGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := endedBy(t, windowed(1, operators.WindowWithCount[int](3))(turbopipes.Interval(time.Second)), 3*time.Second, 8500*time.Millisecond, stop)
		require.True(t, s.completed)
		require.Equal(t, []placed[int, int]{{1, 0}, {1, 1}, {1, 2}, {2, 3}, {2, 4}, {2, 5}, {3, 6}}, s.items)
		require.Zero(t, s.stats.Discarded)
	})
}

func ExampleWindowWithCount() {
	rows := turbopipes.Just("r1", "r2", "r3", "r4", "r5")
	// A file for each two rows, without holding two rows in memory.
	files := operators.WindowWithCount[string](2)(rows)
	n := 0
	err := files.Each(context.Background(), func(rows turbopipes.Observable[string]) error {
		n++
		return rows.Each(context.Background(), func(row string) error {
			fmt.Printf("file %d: %s\n", n, row)
			return nil
		})
	})
	fmt.Println(err)
	// Output:
	// file 1: r1
	// file 1: r2
	// file 2: r3
	// file 2: r4
	// file 3: r5
	// <nil>
}

func BenchmarkWindowWithCount(b *testing.B) {
	benchmark(b, windowed(1, operators.WindowWithCount[int](64)))
}
