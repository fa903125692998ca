package operators_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// each returns a function that makes a stream for an item. The stream is the diagram's,
// with the item before each letter.
func each(s *tptest.Scenario, diagram string, opts ...tptest.SourceOption) func(v string) turbopipes.Observable[string] {
	s.Helper()
	inner := tptest.Cold[string](s, diagram, nil, opts...)
	return func(v string) turbopipes.Observable[string] {
		return operators.Map(func(letter string) string { return v + letter })(inner)
	}
}

func TestFlatMap(t *testing.T) {
	doc := tptest.DocDiagram(t, "flat_map.go", "FlatMap")
	one, all := operators.Buffered(1), turbopipes.Infinite
	for name, c := range map[string]struct {
		n              int
		in, inner, out string
		opts           []operators.FlatMapOption
	}{
		"as documented":           {2, doc["in"], doc["inner"], doc["out"], nil},
		"empty":                   {2, "--|", "-x|", "--|", nil},
		"held while n run":        {2, "a--bc-|", "-x---y---|", "1:{ax} 4:{bx} 5:{ay} 8:{by} 10:{cx} 14:{cy} 18:|", nil},
		"no limit":                {all, "abc-|", "-x---y---|", "1:{ax} 2:{bx} 3:{cx} 5:{ay} 6:{by} 7:{cy} 11:|", nil},
		"one after another":       {1, "a-b---|", "-x-y|", "1:{ax} 3:{ay} 5:{bx} 7:{by} 8:|", nil}, // 15
		"one, with a buffer":      {1, "a-b---|", "-x-y|", "1:{ax} 3:{ay} 5:{bx} 7:{by} 8:|", []operators.FlatMapOption{one}},
		"inner ones outlast it":   {2, "a-|", "-x--y|", "1:{ax} 4:{ay} 5:|", nil},
		"it outlasts inner ones":  {2, "a---|", "x|", "0:{ax} 4:|", nil},
		"empty inner ones":        {2, "ab|", "--|", "---|", nil},
		"an error at first":       {2, "#", "-x|", "#", nil},
		"an error later":          {2, "a--#", "-x-", "1:{ax} 3:#", nil},
		"an inner one fails":      {2, "ab---", "-x--#", "1:{ax} 2:{bx} 4:#", nil},
		"an inner one never ends": {2, "a-|", "-x--", "1:{ax} 3:!", nil},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				op := operators.FlatMap(c.n, each(s, c.inner), c.opts...)
				tptest.Expect(s, op(tptest.Cold[string](s, c.in, nil)), c.out, nil)
			})
		})
	}
	fn := func(int) turbopipes.Observable[int] { return turbopipes.Just(1) }
	for text, op := range map[string]turbopipes.Operator[int, int]{
		"n is 0, want at least 1":            operators.FlatMap(0, fn),
		"fn is nil":                          operators.FlatMap[int, int](1, nil),
		"option 1 is nil":                    operators.FlatMap(2, fn, nil),
		"Buffered: n is -1, want at least 0": operators.FlatMap(2, fn, operators.Buffered(-1)),
	} {
		requireInvalid(t, op, "FlatMap: "+text)
	}
	requireInvalid(t, operators.FlatMap(-2, fn), "FlatMap: n is -2, want at least 1")
	for n := 1; n < 3; n++ {
		requirePanics(t, operators.FlatMap(n, func(string) turbopipes.Observable[int] { panic(errBoom) }))
	}
}

// A failure reaps everything. An error of the clean-up is joined.
func TestFlatMapReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		in := tptest.Cold[string](s, "ab-----", nil, tptest.Subscribed("^--!"))
		inner := each(s, "-x-#", tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^--!", "-^---!"))
		tptest.Expect(s, operators.FlatMap(3, inner)(in), "1:{ax} 2:{bx} 5:#", nil, tptest.Once())
	})
	bubble(t, "joins", func(t *testing.T) {
		inners := []turbopipes.Observable[int]{failingCleanUp[int](errLate), boom[int](time.Second)}
		err := operators.FlatMap(2, func(v int) turbopipes.Observable[int] { return inners[v] })(turbopipes.Just(0, 1)).Drain(t.Context())
		require.EqualError(t, err, "boom\nlate")
	})
	bubble(t, "a zero stream", func(t *testing.T) {
		err := operators.FlatMap(2, func(int) turbopipes.Observable[int] { return turbopipes.Observable[int]{} })(turbopipes.Just(0, 1)).Drain(t.Context())
		require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
	})
}

// No more than n inner streams run, and fn is called only for a stream that can run.
func TestFlatMapBounds(t *testing.T) {
	for name, c := range map[string]struct{ n, runs, pulled int }{
		"one at a time":           {1, 1, 1}, // it runs in upstream's emit
		"three, and one in hand":  {3, 3, 4},
		"one, which may be ahead": {1, 1, 2},
		"no limit":                {turbopipes.Infinite, 20, 20},
	} {
		bubble(t, name, func(t *testing.T) {
			var opts []operators.FlatMapOption
			if c.n == 1 && c.pulled == 2 {
				opts = append(opts, operators.Buffered(1))
			}
			var running tptest.Gauge
			var made atomic.Int64
			inner := func(v int) turbopipes.Observable[int] {
				made.Add(1)
				require.True(t, c.n < 0 || running.Now() < c.n, "fn is called early")
				return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
					running.Enter()
					defer running.Exit()
					time.Sleep(time.Duration(1+v%3) * time.Second)
					emit(v)
					return nil
				})
			}
			var source counting
			s := endedBy(t, operators.FlatMap(c.n, inner, opts...)(source.stream(20)), 0, 500*time.Millisecond, func(t *testing.T, s *turbopipes.Subscription) {
				require.EqualValues(t, c.runs, made.Load())
				require.EqualValues(t, c.pulled, source.begun.Load())
				require.NoError(t, s.Wait())
			})
			slices.Sort(s.items)
			require.Len(t, slices.Compact(s.items), 20)
			require.Equal(t, c.runs, running.Max())
		})
	}
}

// Each inner stream may be one item ahead of a slow downstream, and Buffered lets
// k more wait; at an early end they are discarded.
func TestFlatMapBackpressure(t *testing.T) {
	for k := range 3 {
		bubble(t, fmt.Sprint(k), func(t *testing.T) {
			var inner counting
			var lost []any
			op := operators.FlatMap(2, func(int) turbopipes.Observable[int] { return inner.stream(100) },
				operators.Buffered(k), operators.OnDiscard(func(v any) { lost = append(lost, v) }))
			s := endedBy(t, op(turbopipes.Just(1, 2, 3)), time.Second, 2500*time.Millisecond, dispose)
			require.Len(t, s.items, 3, "the third is with downstream")
			require.EqualValues(t, 3+2+k, inner.accepted.Load())
			require.EqualValues(t, 2+k+3, s.stats.Discarded, "and what is in the hands of two streams, and of upstream")
			require.Len(t, lost, 2+k+3)
			require.IsType(t, 1, lost[0])
		})
	}
	bubble(t, "a hook that panics", func(t *testing.T) {
		op := operators.FlatMap(2, func(int) turbopipes.Observable[int] { return turbopipes.Range(0, 100) },
			operators.OnDiscard(func(any) { panic(errLate) }))
		err := op(turbopipes.Just(1, 2)).Each(t.Context(), func(int) error { time.Sleep(time.Second); return errBoom })
		require.ErrorIs(t, err, errBoom)
		require.ErrorIs(t, err, errLate)
	})
}

// A stop ends upstream. The inner streams continue to their own ends, also the stream
// of the item in hand.
func TestFlatMapGracefulStop(t *testing.T) {
	for n := 1; n < 4; n++ {
		bubble(t, fmt.Sprint(n), func(t *testing.T) {
			made := 0
			inner := func(v int) turbopipes.Observable[int] {
				made++
				ticks := operators.Take[int](3)(turbopipes.Interval(time.Second))
				return operators.Map(func(i int) int { return 10*v + i })(ticks)
			}
			begun := int64(0)
			in := operators.Do(operators.Hooks[int]{Next: func(int) { begun++ }})(turbopipes.Interval(700 * time.Millisecond))
			s := endedBy(t, operators.FlatMap(n, inner)(in), 0, 3*time.Second, stop)
			require.True(t, s.completed)
			require.EqualValues(t, begun, made)
			require.Len(t, s.items, 3*made, "nothing is lost")
			require.Zero(t, s.stats.Discarded)
		})
	}
}

// Nothing new begins when ctx has ended.
func TestFlatMapCancelled(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a alive
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(2500*time.Millisecond, func() { cancel(errBoom) })
		made := 0
		deaf := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			defer a.enter()()
			for i := range 9 {
				time.Sleep(time.Second)
				emit(i)
			}
			return nil
		})
		op := operators.FlatMap(turbopipes.Infinite, func(int) turbopipes.Observable[int] { made++; return a.ticking() })
		require.Equal(t, errBoom, op(deaf).Drain(ctx))
		require.Equal(t, 2, made)
		a.requireReaped(t)
	})
}

func ExampleFlatMap() {
	pages := map[string][]string{"en": {"home", "about"}, "de": {"start", "über"}}
	list := func(language string) turbopipes.Observable[string] {
		return turbopipes.FromSlice(pages[language]) // in earnest, one that asks a server
	}
	all, err := operators.FlatMap(2, list)(turbopipes.Just("en", "de")).Collect(context.Background())
	slices.Sort(all) // the two interleave as they come
	fmt.Println(all, err)
	// Output: [about home start über] <nil>
}

// BenchmarkFlatMap has a thousand inner streams of one item.
func BenchmarkFlatMap(b *testing.B) {
	benchmark(b, operators.FlatMap(4, func(v int) turbopipes.Observable[int] { return turbopipes.Just(v) }))
}

// BenchmarkFlatMapItems has four inner streams of a thousand items.
func BenchmarkFlatMapItems(b *testing.B) {
	for _, k := range []int{0, 64} {
		b.Run(fmt.Sprint(k), func(b *testing.B) {
			op := operators.FlatMap(4, func(int) turbopipes.Observable[int] { return turbopipes.Range(0, 1024) }, operators.Buffered(k))
			o := op(turbopipes.Range(0, 4))
			b.ReportAllocs()
			for b.Loop() {
				_ = o.Drain(b.Context())
			}
			perItem(b, 4*1024)
		})
	}
}
