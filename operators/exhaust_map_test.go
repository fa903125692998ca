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

func TestExhaustMap(t *testing.T) {
	doc := tptest.DocDiagram(t, "exhaust_map.go", "ExhaustMap")
	for name, c := range map[string]struct {
		in, inner, out string
		opts           []tptest.Option
	}{
		"as documented":           {doc["in"], doc["inner"], doc["out"], nil}, // 14
		"empty":                   {"--|", "-x|", "--|", nil},
		"the last one outlasts":   {"a-|", "-x--y|", "1:{ax} 4:{ay} 5:|", nil},
		"upstream outlasts":       {"a---|", "-x|", "1:{ax} 4:|", nil},
		"one after another":       {"a---b-|", "-x|", "1:{ax} 5:{bx} 6:|", nil},
		"many are dropped":        {"abcd-f--|", "--x-|", "2:{ax} 7:{fx} 9:|", nil},
		"empty inner ones":        {"a-b-|", "|", "4:|", nil},
		"an error at first":       {"#", "-x|", "#", nil},
		"an error later":          {"a--#", "-x-", "1:{ax} 3:#", nil},
		"an inner one fails":      {"a-----", "-x-#", "1:{ax} 3:#", nil},
		"an inner one never ends": {"a-b-|", "-x---", "1:{ax} 5:!", nil},
		"a busy downstream":       {"a--b--------c|", "-xy|", "1:{ax} 6:{ay} 13:{cx} 18:{cy} 23:|", []tptest.Option{tptest.Busy(5 * tptest.Step)}},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				op := operators.ExhaustMap(each(s, c.inner))
				tptest.Expect(s, op(tptest.Cold[string](s, c.in, nil)), c.out, nil, c.opts...)
			})
		})
	}
	requireInvalid(t, operators.ExhaustMap[int, int](nil), "ExhaustMap: fn is nil")
	requirePanics(t, operators.ExhaustMap(func(string) turbopipes.Observable[int] { panic(errBoom) }))
}

// A failure of either stream reaps the other. An error of the clean-up is joined.
func TestExhaustMapReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		in := tptest.Cold[string](s, "a-----", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!"))
		inner := each(s, "-x-#", tptest.Subscribed("^--!"))
		tptest.Expect(s, operators.ExhaustMap(inner)(in), "1:{ax} 5:#", nil, tptest.Once())
	})
	tptest.Run(t, func(s *tptest.Scenario) {
		in := tptest.Cold[string](s, "a--#", nil, tptest.Subscribed("^--!"))
		inner := each(s, "-x---", tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!"))
		tptest.Expect(s, operators.ExhaustMap(inner)(in), "1:{ax} 5:#", nil, tptest.Once())
	})
	bubble(t, "clean-up fails", func(t *testing.T) {
		failing, fails := failingCleanUp[int](errLate), operators.Concat(boom[int](time.Second))(turbopipes.Just(1))
		err := operators.ExhaustMap(func(int) turbopipes.Observable[int] { return failing })(fails).Drain(t.Context())
		require.EqualError(t, err, "boom\nlate")
		err = operators.ExhaustMap(func(int) turbopipes.Observable[int] { return boom[int](time.Second) })(operators.Concat(failing)(turbopipes.Just(1))).Drain(t.Context())
		require.EqualError(t, err, "boom\nlate")
	})
	bubble(t, "a stream that looks at nothing but emit", func(t *testing.T) {
		fails := operators.Concat(boom[int](2500 * time.Millisecond))(turbopipes.Just(1))
		items, err := operators.ExhaustMap(func(int) turbopipes.Observable[int] { return deaf(10) })(fails).Collect(t.Context())
		require.Equal(t, errBoom, err)
		require.Equal(t, []int{0, 1}, items, "nothing of it once upstream has failed")
	})
	bubble(t, "a zero stream", func(t *testing.T) {
		zero := func(int) turbopipes.Observable[int] { return turbopipes.Observable[int]{} }
		require.ErrorIs(t, operators.ExhaustMap(zero)(silent(turbopipes.Just(1))).Drain(t.Context()), turbopipes.ErrInvalidArgument)
	})
	bubble(t, "an inner stream that panics", func(t *testing.T) {
		panics := func(int) turbopipes.Observable[int] {
			return turbopipes.Create(func(context.Context, func(int) bool) error { panic(errBoom) })
		}
		require.ErrorIs(t, operators.ExhaustMap(panics)(silent(turbopipes.Just(1))).Drain(t.Context()), errBoom)
	})
}

// Upstream never waits, however busy the inner streams and downstream are. Inner
// streams do not overlap, and nothing counts as lost.
func TestExhaustMapNeverHolds(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var source counting
		var running tptest.Gauge
		inner := func(v int) turbopipes.Observable[int] {
			return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
				running.Enter()
				defer running.Exit()
				emit(v)
				return nil
			})
		}
		s := endedBy(t, operators.ExhaustMap(inner)(source.stream(1000)), time.Hour, time.Minute, func(t *testing.T, s *turbopipes.Subscription) {
			require.EqualValues(t, 1000, source.accepted.Load())
			require.NoError(t, s.Wait())
		})
		require.NotEmpty(t, s.items)
		require.Equal(t, 1, running.Max())
		require.Zero(t, s.stats.Discarded+s.stats.Dropped)
	})
}

// When downstream leaves, upstream and the inner stream end at the same time.
func TestExhaustMapLeaves(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a alive
		begin := time.Now()
		inner := func(int) turbopipes.Observable[int] { return a.ticking() }
		items, err := operators.Take[int](1)(operators.ExhaustMap(inner)(a.ticking())).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{0}, items)
		require.Equal(t, time.Second+2*time.Millisecond, time.Since(begin), "both at once")
		a.requireReaped(t)
	})
}

// A stop ends upstream, and the running stream continues to its own end.
func TestExhaustMapGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		inner := func(v int) turbopipes.Observable[int] {
			ticks := operators.Take[int](3)(turbopipes.Interval(time.Second))
			return operators.Map(func(i int) int { return 10*v + i })(ticks)
		}
		s := endedBy(t, operators.ExhaustMap(inner)(turbopipes.Interval(10*time.Second)), 0, 11500*time.Millisecond, stop)
		require.Equal(t, []int{0, 1, 2}, s.items)
		require.Equal(t, 13*time.Second, s.took)
		require.True(t, s.completed)
		require.Zero(t, s.stats.Discarded)
	})
}

func ExampleExhaustMap() {
	clicks := operators.Take[int](3)(turbopipes.Interval(10 * time.Millisecond))
	pay := func(click int) turbopipes.Observable[string] {
		done := func(int) string { return fmt.Sprint("paid once, at click ", click) }
		return operators.Map(done)(turbopipes.Timer(100 * time.Millisecond)) // a slow server
	}
	fmt.Println(operators.ExhaustMap(pay)(clicks).Collect(context.Background()))
	// Output: [paid once, at click 0] <nil>
}

func BenchmarkExhaustMap(b *testing.B) {
	b.Run("streams", func(b *testing.B) {
		benchmark(b, operators.ExhaustMap(func(v int) turbopipes.Observable[int] { return turbopipes.Just(v) }))
	})
	b.Run("items", func(b *testing.B) {
		all := turbopipes.Range(0, 1024)
		o := operators.ExhaustMap(func(int) turbopipes.Observable[int] { return all })(turbopipes.Just(1))
		b.ReportAllocs()
		for b.Loop() {
			_ = o.Drain(b.Context())
		}
		perItem(b, 1024)
	})
}
