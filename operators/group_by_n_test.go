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

// byCase routes lower case to 0, x to no group, and all others to 1.
func byCase(v string) int {
	switch {
	case v == "x":
		return 2
	case strings.ToLower(v) == v:
		return 0
	}
	return 1
}

func TestGroupByN(t *testing.T) {
	groups := func(opts ...turbopipes.QueueOption) turbopipes.Operator[string, turbopipes.Group[int, string]] {
		return operators.GroupByN(2, byCase, opts...)
	}
	names := operators.Map(func(g turbopipes.Group[int, string]) string { return []string{"x", "y"}[g.Key] })
	tptest.Doc(t, "group_by_n.go", "GroupByN", turbopipes.Compose2(groups(), names))
	items := func(n int) turbopipes.Operator[string, string] {
		return turbopipes.Compose2(grouped(n, groups()), operators.Map(func(p placed[int, string]) string { return fmt.Sprint(p.in, p.v) }))
	}
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
		opts    []tptest.Option
	}{
		"items":              {items(2), "a-B-c-|", "{0a}-{1B}-{0c}-|", nil},
		"one at a time":      {items(1), "a-B-c-|", "0:{0a} 4:{0c} 6:{1B} 6:|", nil},
		"empty":              {items(2), "-|", "-|", nil},
		"empty ones":         {turbopipes.Compose2(groups(), names), "-|", "0:x 0:y 1:|", nil},
		"an error at first":  {items(2), "#", "#", nil},
		"an error late":      {items(2), "a-#", "{0a}-#", nil},
		"a route to nowhere": {items(2), "a-x-a-|", "{0a}-#", []tptest.Option{tptest.Error(turbopipes.ErrIndexOutOfRange)}},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, c.opts...) })
	}
	zero := func(int) int { return 0 }
	for text, op := range map[string]turbopipes.Operator[int, turbopipes.Group[int, int]]{
		"n is 0, want at least 1":            operators.GroupByN(0, zero),
		"route is nil":                       operators.GroupByN[int](1, nil),
		"option 1 is nil":                    operators.GroupByN(1, zero, nil),
		"WithQueue: n is 0, want at least 1": operators.GroupByN(1, zero, turbopipes.WithQueue(0)),
	} {
		requireInvalid(t, op, "GroupByN: "+text)
	}
	requirePanics(t, grouped(2, operators.GroupByN(2, func(string) int { panic(errBoom) })))
}

func TestGroupByNRoutesToNowhere(t *testing.T) {
	for _, to := range []int{-1, 2} {
		err := grouped(2, operators.GroupByN(2, func(int) int { return to }))(turbopipes.Just(1)).Drain(t.Context())
		require.EqualError(t, err, fmt.Sprintf("turbopipes: index out of range: GroupByN: route returns %d, want 0 to 1", to))
	}
}

// With a full queue without a taker, the stream waits until ctx ends, or fails.
func TestGroupByNFullQueue(t *testing.T) {
	op := func(opts ...turbopipes.QueueOption) turbopipes.Observable[placed[int, int]] {
		parity := func(v int) int { return v % 2 }
		return grouped(1, operators.GroupByN(2, parity, append(opts, turbopipes.WithQueue(2))...))(timed(make([]time.Duration, 30)...))
	}
	bubble(t, "blocks", func(t *testing.T) {
		s := endedBy(t, op(), 0, time.Hour, dispose)
		require.Len(t, s.items, 3)
		require.EqualValues(t, 3, s.stats.Discarded)
	})
	bubble(t, "fails", func(t *testing.T) {
		require.ErrorIs(t, op(turbopipes.WithOverflow(turbopipes.Fail)).Drain(t.Context()), turbopipes.ErrOverflow)
	})
}

func ExampleGroupByN() {
	lines := turbopipes.Just("ok 1", "error 2", "ok 3")
	route := func(line string) int {
		if strings.HasPrefix(line, "error") {
			return 1
		}
		return 0
	}
	out := operators.FlatMap(2, func(g turbopipes.Group[int, string]) turbopipes.Observable[string] {
		return operators.Map(func(line string) string { return fmt.Sprint(g.Key, ": ", line) })(g.Items)
	})
	_ = turbopipes.Pipe2(lines, operators.GroupByN(2, route), out).Each(context.Background(), func(s string) error {
		_, err := fmt.Println(s)
		return err
	})
	// Unordered output:
	// 0: ok 1
	// 1: error 2
	// 0: ok 3
}

func BenchmarkGroupByN(b *testing.B) {
	benchmark(b, grouped(4, operators.GroupByN(4, func(v int) int { return v % 4 })))
}
