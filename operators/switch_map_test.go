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

func TestSwitchMap(t *testing.T) {
	doc := tptest.DocDiagram(t, "switch_map.go", "SwitchMap")
	for name, c := range map[string]struct {
		in, inner, out string
		opts           []tptest.Option
	}{
		"as documented":           {doc["in"], doc["inner"], doc["out"], nil}, // 12
		"empty":                   {"--|", "-x|", "--|", nil},
		"the last one outlasts":   {"a-|", "-x--y|", "1:{ax} 4:{ay} 5:|", nil},
		"upstream outlasts":       {"a---|", "-x|", "1:{ax} 4:|", nil},
		"one after another":       {"a---b-|", "-x|", "1:{ax} 5:{bx} 6:|", nil},
		"never enough time":       {"abcdef|", "--x|", "7:{fx} 8:|", nil},
		"an error at first":       {"#", "-x|", "#", nil},
		"an error later":          {"a--#", "-x-", "1:{ax} 3:#", nil},
		"an inner one fails":      {"a-----", "-x-#", "1:{ax} 3:#", nil},
		"an inner one never ends": {"a-|", "-x---", "1:{ax} 4:!", nil},
		"a busy downstream":       {"a--b------|", "-xyz|", "1:{ax} 6:{bx} 11:{by} 16:{bz} 21:|", []tptest.Option{tptest.Busy(5 * tptest.Step)}},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				op := operators.SwitchMap(each(s, c.inner))
				tptest.Expect(s, op(tptest.Cold[string](s, c.in, nil)), c.out, nil, c.opts...)
			})
		})
	}
	requireInvalid(t, operators.SwitchMap[int, int](nil), "SwitchMap: fn is nil")
	requirePanics(t, operators.SwitchMap(func(string) turbopipes.Observable[int] { panic(errBoom) }))
}

// The old stream has ended before fn makes the next stream. Items that come meanwhile
// wait in one slot, where a newer item replaces an older one.
func TestSwitchMapReapsFirst(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) { // 13
		inners := map[string]turbopipes.Observable[string]{
			"a": tptest.Cold[string](s, "-x-", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!")),
			"b": tptest.Cold[string](s, "-y|", nil, tptest.Subscribed("-----^!")),
		}
		op := operators.SwitchMap(func(v string) turbopipes.Observable[string] { return inners[v] })
		tptest.Expect(s, op(tptest.Cold[string](s, "a--b-----|", nil)), "-x----y--|", nil)
	})
	tptest.Run(t, func(s *tptest.Scenario) {
		made := ""
		inner := each(s, "-x---", tptest.Unwinds(3*tptest.Step), tptest.Subscribed("^----!", "-----^----!"))
		op := operators.SwitchMap(func(v string) turbopipes.Observable[string] { made += v; return inner(v) })
		tptest.Expect(s, op(tptest.Cold[string](s, "a-bcd--#", nil)), "1:{ax} 6:{dx} 10:#", nil, tptest.Once())
		require.Equal(s, "ad", made)
	})
	bubble(t, "none overlap", func(t *testing.T) {
		var running tptest.Gauge
		inner := func(v int) turbopipes.Observable[int] {
			require.Zero(t, running.Now(), "fn is called early")
			return turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
				running.Enter()
				defer running.Exit()
				emit(v)
				<-ctx.Done()
				time.Sleep(time.Duration(v%4) * time.Second)
				return context.Cause(ctx)
			})
		}
		in := operators.Take[int](30)(turbopipes.Interval(900 * time.Millisecond))
		s := endedBy(t, operators.SwitchMap(inner)(in), 0, time.Minute, dispose)
		require.Equal(t, 1, running.Max())
		require.Contains(t, s.items, 29)
		require.Zero(t, running.Now())
	})
}

// Upstream never waits, however busy the inner streams and downstream are.
func TestSwitchMapNeverHolds(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var source counting
		inner := func(v int) turbopipes.Observable[int] { return turbopipes.Just(v) }
		s := endedBy(t, operators.SwitchMap(inner)(source.stream(1000)), time.Hour, time.Minute, func(t *testing.T, s *turbopipes.Subscription) {
			require.EqualValues(t, 1000, source.accepted.Load())
			require.NoError(t, s.Wait())
		})
		require.Equal(t, 999, s.items[len(s.items)-1], "the newest comes")
	})
}

// Once a newer item was accepted, nothing of an older stream is emitted.
func TestSwitchMapEmitsNothingOld(t *testing.T) {
	for range 200 {
		inner := func(v int) turbopipes.Observable[int] {
			return operators.Map(func(int) int { return v })(turbopipes.Range(0, 50))
		}
		last, whole := 0, 0
		err := operators.SwitchMap(inner)(turbopipes.Range(0, 30)).Each(t.Context(), func(v int) error {
			require.GreaterOrEqual(t, v, last)
			if last = v; v == 29 {
				whole++
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, 50, whole, "the last stream is complete")
	}
}

// The error that a stream returns because it was replaced is not a failure, whatever
// else ends meanwhile. The error of its clean-up is a failure.
func TestSwitchMapCleanUp(t *testing.T) {
	slow := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
		<-ctx.Done()
		time.Sleep(9 * time.Second)
		return context.Cause(ctx)
	})
	one := func(o turbopipes.Observable[int]) func(int) turbopipes.Observable[int] {
		return func(int) turbopipes.Observable[int] { return o }
	}
	twice := timed(0, 2)
	bubble(t, "upstream fails meanwhile", func(t *testing.T) {
		in := operators.Concat(boom[int](time.Second))(twice)
		require.Equal(t, errBoom, operators.SwitchMap(one(slow))(in).Drain(t.Context()))
	})
	bubble(t, "ctx ends meanwhile", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3*time.Second, func() { cancel(errBoom) })
		require.Equal(t, errBoom, operators.SwitchMap(one(slow))(twice).Drain(ctx))
	})
	bubble(t, "it is disposed of meanwhile", func(t *testing.T) {
		s := endedBy(t, operators.SwitchMap(one(slow))(twice), 0, 3*time.Second, dispose)
		require.NoError(t, s.err)
	})
	bubble(t, "clean-up fails", func(t *testing.T) {
		err := operators.SwitchMap(one(failingCleanUp[int](errLate)))(silent(twice)).Drain(t.Context())
		require.Equal(t, errLate, err)
	})
	bubble(t, "and behind a failure", func(t *testing.T) {
		in := operators.Concat(boom[int](time.Second))(turbopipes.Just(1))
		err := operators.SwitchMap(one(failingCleanUp[int](errLate)))(in).Drain(t.Context())
		require.EqualError(t, err, "boom\nlate")
	})
	bubble(t, "a zero stream", func(t *testing.T) {
		err := operators.SwitchMap(one(turbopipes.Observable[int]{}))(silent(twice)).Drain(t.Context())
		require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
	})
}

// A stop ends upstream. The running stream, and the stream of the waiting item,
// continue to their own ends.
func TestSwitchMapGracefulStop(t *testing.T) {
	inner := func(v int) turbopipes.Observable[int] {
		ticks := operators.Take[int](3)(turbopipes.Interval(time.Second))
		return operators.Map(func(i int) int { return 10*v + i })(ticks)
	}
	bubble(t, "one runs", func(t *testing.T) {
		s := endedBy(t, operators.SwitchMap(inner)(turbopipes.Interval(10*time.Second)), 0, 11500*time.Millisecond, stop)
		require.Equal(t, []int{0, 1, 2}, s.items)
		require.Equal(t, 13*time.Second, s.took)
		require.True(t, s.completed)
		require.Zero(t, s.stats.Discarded)
	})
	bubble(t, "one waits", func(t *testing.T) {
		unwinds := func(v int) turbopipes.Observable[int] {
			return turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
				if v == 1 {
					emit(v)
					return nil
				}
				<-ctx.Done()
				time.Sleep(9 * time.Second)
				return context.Cause(ctx)
			})
		}
		s := endedBy(t, operators.SwitchMap(unwinds)(silent(timed(0, 1))), 0, 2*time.Second, stop)
		require.Equal(t, []int{1}, s.items)
		require.True(t, s.completed)
	})
}

// The item that waits at an early end is counted.
func TestSwitchMapDiscards(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		made := 0
		stubborn := func(int) turbopipes.Observable[int] {
			made++
			return turbopipes.Create(func(context.Context, func(int) bool) error { time.Sleep(9 * time.Second); return nil })
		}
		s := endedBy(t, operators.SwitchMap(stubborn)(silent(timed(0, 1, 2))), 0, 5*time.Second, dispose)
		require.EqualValues(t, 1, s.stats.Discarded, "an overtaken one is not lost")
		require.Equal(t, 1, made, "nothing new begins")
	})
}

func ExampleSwitchMap() {
	typed := turbopipes.Just("g", "go", "gop")
	search := func(query string) turbopipes.Observable[string] {
		answer := func(int) string { return "results for " + query }
		return operators.Map(answer)(turbopipes.Timer(20 * time.Millisecond)) // a slow server
	}
	results := operators.SwitchMap(search)(typed)
	fmt.Println(results.Collect(context.Background()))
	// Output: [results for gop] <nil>
}

func BenchmarkSwitchMap(b *testing.B) {
	b.Run("streams", func(b *testing.B) {
		benchmark(b, operators.SwitchMap(func(v int) turbopipes.Observable[int] { return turbopipes.Just(v) }))
	})
	b.Run("items", func(b *testing.B) {
		all := turbopipes.Range(0, 1024)
		o := operators.SwitchMap(func(int) turbopipes.Observable[int] { return all })(turbopipes.Just(1))
		b.ReportAllocs()
		for b.Loop() {
			_ = o.Drain(b.Context())
		}
		perItem(b, 1024)
	})
}
