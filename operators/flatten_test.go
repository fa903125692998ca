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

func TestFlatten(t *testing.T) {
	doc := tptest.DocDiagram(t, "flatten.go", "Flatten")
	for name, c := range map[string]struct {
		n              int
		in, inner, out string
	}{
		"as documented":      {2, doc["in"], doc["inner"], doc["out"]},
		"empty":              {2, "--|", "-x|", "--|"},
		"held while n run":   {2, "a--bc-|", "-x---y---|", "1:{ax} 4:{bx} 5:{ay} 8:{by} 10:{cx} 14:{cy} 18:|"},
		"no limit":           {turbopipes.Infinite, "abc-|", "-x---|", "1:{ax} 2:{bx} 3:{cx} 7:|"},
		"one after another":  {1, "a-b---|", "-x-y|", "1:{ax} 3:{ay} 5:{bx} 7:{by} 8:|"},
		"an error at first":  {2, "#", "-x|", "#"},
		"an error later":     {2, "a--#", "-x-", "1:{ax} 3:#"},
		"an inner one fails": {2, "ab---", "-x--#", "1:{ax} 2:{bx} 4:#"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				streams := operators.Map(each(s, c.inner))(tptest.Cold[string](s, c.in, nil))
				tptest.Expect(s, operators.Flatten[string](c.n)(streams), c.out, nil)
			})
		})
	}
	for text, op := range map[string]turbopipes.Operator[turbopipes.Observable[int], int]{
		"n is 0, want at least 1":            operators.Flatten[int](0),
		"option 1 is nil":                    operators.Flatten[int](2, nil),
		"Buffered: n is -1, want at least 0": operators.Flatten[int](2, operators.Buffered(-1)),
	} {
		requireInvalid(t, op, "Flatten: "+text)
	}
	requireInvalid(t, operators.Flatten[int](-2), "Flatten: n is -2, want at least 1")
	for n := 1; n < 3; n++ {
		zero := turbopipes.Just(turbopipes.Observable[int]{})
		require.ErrorIs(t, operators.Flatten[int](n)(zero).Drain(t.Context()), turbopipes.ErrInvalidArgument)
		panics := operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(1))
		require.ErrorIs(t, operators.Flatten[int](n)(turbopipes.Just(panics)).Drain(t.Context()), errBoom)
	}
}

// It has FlatMap's options.
func TestFlattenBuffered(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var inner counting
		var lost []any
		op := operators.Flatten[int](2, operators.Buffered(2), operators.OnDiscard(func(v any) { lost = append(lost, v) }))
		streams := turbopipes.Just(inner.stream(100), inner.stream(100), inner.stream(100))
		s := endedBy(t, op(streams), time.Second, 2500*time.Millisecond, dispose)
		require.Len(t, s.items, 3)
		require.EqualValues(t, 3+2+2, inner.accepted.Load())
		require.EqualValues(t, 4+2, s.stats.Discarded, "and what is in the hands of the streams: a stream is no item")
		require.Len(t, lost, 4+2)
	})
}

func ExampleFlatten() {
	shards := turbopipes.Just(turbopipes.Just(1, 2), turbopipes.Just(3), turbopipes.Just(4, 5))
	fmt.Println(operators.Flatten[int](1)(shards).Collect(context.Background()))
	// Output: [1 2 3 4 5] <nil>
}

func BenchmarkFlatten(b *testing.B) {
	one := turbopipes.Just(1)
	for _, n := range []int{1, 4} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			benchmark(b, turbopipes.Compose2(operators.Map(func(int) turbopipes.Observable[int] { return one }), operators.Flatten[int](n)))
		})
	}
}
