package operators_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestExpand(t *testing.T) {
	doc := tptest.DocDiagram(t, "expand.go", "Expand")
	all := turbopipes.Infinite
	for name, c := range map[string]struct {
		n, letters     int // items of that many letters have none
		in, inner, out string
		opts           []operators.ExpandOption
		expect         []tptest.Option
	}{
		"as documented":           {2, 2, doc["in"], doc["inner"], doc["out"], nil, nil},
		"empty":                   {2, 2, "--|", "-x|", "--|", nil, nil},
		"three generations":       {all, 4, "a|", "--x|", "0:a 2:{ax} 4:{axx} 6:{axxx} 7:|", nil, nil},
		"one after another":       {1, 2, "ab|", "--x|", "0:a 1:b 2:{ax} 5:{bx} 6:|", nil, nil},
		"two at once":             {2, 2, "ab|", "--x|", "0:a 1:b 2:{ax} 3:{bx} 4:|", nil, nil},
		"first come first served": {1, 3, "a|", "--xy|", "0:a 2:{ax} 3:{ay} 6:{axx} 7:{axy} 10:{ayx} 11:{ayy} 12:|", nil, nil},
		"upstream outlasts":       {2, 2, "a-----|", "-x|", "0:a 1:{ax} 6:|", nil, nil},
		"too many wait":           {1, 2, "a---|", "-xyz|", "0:a 1:{ax} 2:{ay} 2:#", []operators.ExpandOption{operators.WithMaxPending(1)}, []tptest.Option{tptest.Error(turbopipes.ErrOverflow)}},
		"upstream waits":          {1, 1, "abc|", "----|", "0:a 1:b 4:c 12:|", []operators.ExpandOption{operators.WithMaxPending(1)}, nil},
		"an error at first":       {2, 2, "#", "-x|", "#", nil, nil},
		"an error later":          {2, 2, "a--#", "-x---|", "0:a 1:{ax} 3:#", nil, nil},
		"an inner one fails":      {2, 2, "a----", "-x-#", "0:a 1:{ax} 3:#", nil, nil},
		"an inner one never ends": {2, 2, "a-|", "-x---", "0:a 1:{ax} 4:!", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				inner := each(s, c.inner)
				fn := func(v string) turbopipes.Observable[string] {
					if len(v) >= c.letters && c.letters > 1 {
						return turbopipes.Empty[string]()
					}
					return inner(v)
				}
				tptest.Expect(s, operators.Expand(c.n, fn, c.opts...)(tptest.Cold[string](s, c.in, nil)), c.out, nil, c.expect...)
			})
		})
	}
	fn := func(int) turbopipes.Observable[int] { return turbopipes.Empty[int]() }
	for text, op := range map[string]turbopipes.Operator[int, int]{
		"n is 0, want at least 1":                 operators.Expand(0, fn),
		"fn is nil":                               operators.Expand[int](1, nil),
		"option 1 is nil":                         operators.Expand(2, fn, nil),
		"WithMaxPending: n is 0, want at least 1": operators.Expand(2, fn, operators.WithMaxPending(0)),
	} {
		requireInvalid(t, op, "Expand: "+text)
	}
	requireInvalid(t, operators.Expand(-2, fn), "Expand: n is -2, want at least 1")
	err := operators.Expand(1, func(int) turbopipes.Observable[int] { return turbopipes.Range(0, 9) }, operators.WithMaxPending(3))(turbopipes.Just(1)).Drain(t.Context())
	require.EqualError(t, err, "turbopipes: overflow: Expand: more than 3 items wait")
}

// A panic in fn or in an inner stream, and a zero stream, end the stream after the
// item itself was emitted.
func TestExpandFails(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		for _, c := range []struct {
			fn  func(int) turbopipes.Observable[int]
			err error
		}{
			{func(int) turbopipes.Observable[int] { panic(errBoom) }, errBoom},
			{func(int) turbopipes.Observable[int] {
				return turbopipes.Create(func(context.Context, func(int) bool) error { panic(errBoom) })
			}, errBoom},
			{func(int) turbopipes.Observable[int] { return turbopipes.Observable[int]{} }, turbopipes.ErrInvalidArgument},
		} {
			items, err := operators.Expand(2, c.fn)(silent(turbopipes.Just(7))).Collect(t.Context())
			require.ErrorIs(t, err, c.err)
			require.Equal(t, []int{7}, items)
		}
		inners := []turbopipes.Observable[int]{failingCleanUp[int](errLate), boom[int](time.Second)}
		err := operators.Expand(2, func(v int) turbopipes.Observable[int] { return inners[v] })(turbopipes.Just(0, 1)).Drain(t.Context())
		require.EqualError(t, err, "boom\nlate")
	})
}

func TestExpandReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		in := tptest.Cold[string](s, "ab-----", nil, tptest.Subscribed("^--!"))
		inner := each(s, "---#", tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^--!", "-^---!"))
		tptest.Expect(s, operators.Expand(3, inner)(in), "ab---#", nil, tptest.Once())
	})
}

// At most n inner streams run, and every item comes out once.
func TestExpandBounds(t *testing.T) {
	for _, n := range []int{1, 3, turbopipes.Infinite} {
		bubble(t, fmt.Sprint(n), func(t *testing.T) {
			var running tptest.Gauge
			binary := func(v int) turbopipes.Observable[int] { // a tree of numbers below 128
				return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
					running.Enter()
					defer running.Exit()
					time.Sleep(time.Second)
					if v < 64 {
						_ = emit(2*v) && emit(2*v+1)
					}
					return nil
				})
			}
			items, err := operators.Expand(n, binary)(turbopipes.Just(1)).Collect(t.Context())
			require.NoError(t, err)
			slices.Sort(items)
			require.Len(t, slices.Compact(items), 127)
			if n > 0 {
				require.Equal(t, n, running.Max())
			}
		})
	}
}

// Upstream and the inner streams wait for a busy downstream, each with an item in
// hand. Nothing is lost.
func TestExpandBackpressure(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var in, inner counting
		s := endedBy(t, operators.Expand(2, func(int) turbopipes.Observable[int] { return inner.stream(100) })(in.stream(100)), time.Second, 3500*time.Millisecond, dispose)
		require.Len(t, s.items, 4, "the fourth is with downstream")
		require.EqualValues(t, 4, in.accepted.Load()+inner.accepted.Load())
		require.EqualValues(t, 7, in.begun.Load()+inner.begun.Load())
		require.EqualValues(t, 3, s.stats.Discarded, "in the hands of its streams")
	})
}

// A stop ends upstream, and no new stream begins. Running streams continue to their ends.
func TestExpandGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		halves := func(v int) turbopipes.Observable[int] {
			if v == 0 {
				return turbopipes.Empty[int]()
			}
			return operators.Map(func(int) int { return v / 2 })(turbopipes.Timer(time.Second))
		}
		fives := operators.Map(func(int) int { return 5 })(turbopipes.Interval(10 * time.Second))
		s := endedBy(t, operators.Expand(1, halves)(fives), 0, 10500*time.Millisecond, stop)
		require.Equal(t, []int{5, 2}, s.items)
		require.True(t, s.completed)
		require.Equal(t, 11*time.Second, s.took)
		require.Zero(t, s.stats.Discarded, "what was emitted is not lost")
	})
}

func ExampleExpand() {
	files := map[string][]string{"/": {"/docs", "/go.mod"}, "/docs": {"/docs/guide.md"}}
	list := func(path string) turbopipes.Observable[string] { return turbopipes.FromSlice(files[path]) }
	fmt.Println(operators.Expand(1, list)(turbopipes.Just("/")).Collect(context.Background()))
	// Output: [/ /docs /go.mod /docs/guide.md] <nil>
}

func BenchmarkExpand(b *testing.B) {
	benchmark(b, operators.Expand(4, func(int) turbopipes.Observable[int] { return turbopipes.Empty[int]() }))
}
