package operators_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestMapReduce(t *testing.T) {
	join := func(a, b string) string { return a + b }
	timed := operators.MapReduce(2, func(ctx context.Context, v string) (string, string, error) {
		v, err := timedTask(ctx, v)
		return vowel(v), v, err
	}, join)
	op := renamed(prints(timed), map[string]string{"map[c:bc v:a]": "x", "map[]": "0", "map[v:a]": "1"})
	tptest.Doc(t, "map_reduce.go", "MapReduce", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":                       {"--|", "--(0|)"},
		"one":                         {"a------|", "-------(1|)"},
		"the last task ends it":       {"a-|", "-----(1|)"},
		"an error at first":           {"#", "#"},
		"an error later":              {"-a-b#", "----#"},
		"an error behind the results": {"c---#", "----#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	fine := func(context.Context, int) (int, int, error) { return 0, 0, nil }
	requireInvalid(t, operators.MapReduce(0, fine, plus), "MapReduce: n is 0, want at least 1")
	requireInvalid(t, operators.MapReduce[int, int](1, nil, plus), "MapReduce: fn is nil")
	requireInvalid(t, operators.MapReduce(1, fine, nil), "MapReduce: reduce is nil")
	requirePanics(t, operators.MapReduce(1, func(context.Context, string) (int, int, error) { panic(errBoom) }, plus))
	requirePanics(t, twice(operators.MapReduce(1, func(context.Context, string) (int, int, error) { return 0, 0, nil }, func(int, int) int { panic(errBoom) })))
}

// A key may be anything that is comparable, and one that can't be hashed ends
// the stream.
func TestMapReduceUnhashableKey(t *testing.T) {
	err := operators.MapReduce(2, func(_ context.Context, v int) (any, int, error) { return []int{v}, v, nil }, plus)(turbopipes.Just(1)).Drain(t.Context())
	p := (*turbopipes.PanicError)(nil)
	require.ErrorAs(t, err, &p)
}

// n tasks run at once, and no more.
func TestMapReduceBound(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var gauge tptest.Gauge
		begin := time.Now()
		totals, err := operators.MapReduce(3, func(_ context.Context, v int) (int, int, error) {
			gauge.Enter()
			defer gauge.Exit()
			time.Sleep(time.Second)
			return parity(v), v, nil
		}, plus)(turbopipes.Range(0, 30)).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []map[int]int{{0: 210, 1: 225}}, totals)
		require.EqualValues(t, 3, gauge.Max())
		require.Equal(t, 10*time.Second, time.Since(begin))
	})
}

// The first failure cancels the others, which are reaped.
func TestMapReduceFails(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a alive
		err := operators.MapReduce(3, func(ctx context.Context, v int) (int, int, error) {
			if v == 4 {
				return 0, 0, errBoom
			}
			if v < 3 {
				return 0, v, nil
			}
			v, err := a.blocked(ctx, v)
			return 0, v, err
		}, plus)(silent(turbopipes.Range(0, 9))).Drain(t.Context())
		require.Equal(t, errBoom, err)
		a.requireReaped(t)
	})
}

// reduce runs on the subscriber's goroutine: it needs no lock, and a mutable
// value is safe.
func TestMapReduceReducesSerially(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var mu sync.Mutex
		words := operators.MapReduce(8, func(_ context.Context, v int) (bool, []int, error) {
			return true, []int{v}, nil
		}, func(a, b []int) []int {
			require.True(t, mu.TryLock())
			defer mu.Unlock()
			time.Sleep(time.Millisecond)
			return append(a, b...)
		})
		all, err := words(turbopipes.Range(0, 100)).Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, all[0][true], 100)
	})
}

func TestMapReduceEnds(t *testing.T) {
	var a alive
	slow := operators.MapReduce(2, func(ctx context.Context, v int) (int, int, error) {
		defer a.enter()()
		select {
		case <-time.After(1500 * time.Millisecond):
			return 0, v, nil
		case <-ctx.Done():
			time.Sleep(time.Second)
			return 0, 0, ctx.Err()
		}
	}, plus)
	bubble(t, "a graceful stop", func(t *testing.T) {
		s := endedBy(t, slow(turbopipes.Interval(time.Second)), 0, 3700*time.Millisecond, stop)
		require.NoError(t, s.err)
		require.Equal(t, []map[int]int{{0: 0 + 1 + 2}}, s.items, "what runs is finished")
		require.Zero(t, s.stats.Discarded)
		a.requireReaped(t)
	})
	bubble(t, "disposal", func(t *testing.T) {
		s := endedBy(t, slow(turbopipes.Interval(time.Second)), 0, 3700*time.Millisecond, dispose)
		require.NoError(t, s.err)
		require.Empty(t, s.items)
		require.False(t, s.completed)
		a.requireReaped(t)
	})
	bubble(t, "a clean-up that fails", func(t *testing.T) {
		err := slow(operators.Merge(failingCleanUp[int](errLate))(boom[int](time.Second))).Drain(t.Context())
		require.True(t, errors.Is(err, errBoom) && errors.Is(err, errLate), err)
		synctest.Wait()
		a.requireReaped(t)
	})
}

func ExampleMapReduce() {
	pages := turbopipes.Just("a rose", "is a rose", "is a")
	fetch := func(_ context.Context, page string) (int, int, error) {
		return len(page) / 8, strings.Count(page, "rose"), nil
	}
	roses := operators.MapReduce(4, fetch, func(a, b int) int { return a + b })(pages)
	fmt.Println(roses.Collect(context.Background()))
	// Output: [map[0:1 1:1]] <nil>
}

func BenchmarkMapReduce(b *testing.B) {
	benchmark(b, operators.MapReduce(4, func(_ context.Context, v int) (int, int, error) { return v % 16, v, nil }, plus))
}
