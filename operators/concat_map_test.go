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

func TestConcatMap(t *testing.T) {
	doc := tptest.DocDiagram(t, "concat_map.go", "ConcatMap")
	for name, c := range map[string]struct {
		in    string
		inner map[string]string
		out   string
	}{
		"as documented":       {doc["in"], map[string]string{"a": doc["fn(a)"], "b": doc["fn(b)"]}, doc["out"]},
		"with time between":   {"a-----b|", map[string]string{"a": "-x|", "b": "-y|"}, "-x-----y|"},
		"empty":               {"--|", nil, "--|"},
		"empty inner ones":    {"a-b|", map[string]string{"a": "|", "b": "--|"}, "----|"},
		"an error at first":   {"#", nil, "#"},
		"an error later":      {"a----#", map[string]string{"a": "-x-y|"}, "-x-y-#"},
		"an error meanwhile":  {"a#", map[string]string{"a": "-x-y|"}, "-x-y#"}, // it is only seen then
		"an error of the 2nd": {"a-b---|", map[string]string{"a": "-x|", "b": "-y#"}, "-x-y#"},
		"one without an end":  {"a-b---|", map[string]string{"a": "-x-"}, "-x--!"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				inner := map[string]turbopipes.Observable[string]{}
				for item, diagram := range c.inner {
					inner[item] = tptest.Cold[string](s, diagram, nil)
				}
				op := operators.ConcatMap(func(v string) turbopipes.Observable[string] { return inner[v] })
				tptest.Expect(s, op(tptest.Cold[string](s, c.in, nil)), c.out, nil)
			})
		})
	}
	requireInvalid(t, operators.ConcatMap[int, string](nil), "ConcatMap: fn is nil")
	requirePanics(t, operators.ConcatMap(func(string) turbopipes.Observable[int] { panic(errBoom) }))
}

// 15
func TestConcatMapOfEach(t *testing.T) {
	op := operators.ConcatMap(func(v string) turbopipes.Observable[string] {
		return operators.Map(func(i int) string { return v + string("xy"[i]) })(operators.Concat(turbopipes.Empty[int]())(ticks(2)))
	})
	tptest.Marbles(t, "a-b----|", op, "-{ax}-{ay}-{bx}-{by}|")
}

// ticks emits n numbers, two steps apart. The first comes after one step, and the end
// comes one step after the last.
func ticks(n int) turbopipes.Observable[int] {
	return turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
		timer := time.NewTimer(tptest.Step)
		defer timer.Stop()
		for i := 0; ; i++ {
			select {
			case <-timer.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			if i == n {
				return nil
			}
			if !emit(i) {
				return nil
			}
			if timer.Reset(2 * tptest.Step); i == n-1 {
				timer.Reset(tptest.Step)
			}
		}
	})
}

func TestConcatMapStopsUpstream(t *testing.T) {
	in := func(cleanUp error) turbopipes.Observable[int] {
		return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			require.False(t, emit(1))
			return cleanUp
		})
	}
	fails := operators.ConcatMap(func(int) turbopipes.Observable[int] { return turbopipes.Throw[int](errBoom) })
	require.Equal(t, errBoom, fails(in(nil)).Drain(t.Context()))
	require.EqualError(t, fails(in(errLate)).Drain(t.Context()), "boom\nlate")

	zero := operators.ConcatMap(func(int) turbopipes.Observable[int] { return turbopipes.Observable[int]{} })
	require.ErrorIs(t, zero(in(nil)).Drain(t.Context()), turbopipes.ErrInvalidArgument)

	stopped := operators.Take[int](1)(operators.ConcatMap(func(int) turbopipes.Observable[int] { return turbopipes.Just(1, 2) })(in(nil)))
	items, err := stopped.Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{1}, items)
}

// A graceful stop ends upstream. The running inner stream continues to its own end,
// and is not cut short.
func TestConcatMapGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var items []int
		op := operators.ConcatMap(func(v int) turbopipes.Observable[int] {
			return operators.Map(func(i int) int { return 10*v + i })(operators.Take[int](3)(turbopipes.Interval(time.Second)))
		})
		s := op(turbopipes.Range(0, 5)).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) { items = append(items, v) }})
		time.Sleep(4500 * time.Millisecond)
		require.NoError(t, s.Stop(t.Context()))
		require.Equal(t, []int{0, 1, 2, 10, 11, 12}, items)
	})
}

func ExampleConcatMap() {
	files := turbopipes.Just("a b", "c d e")
	words := operators.ConcatMap(func(file string) turbopipes.Observable[string] {
		return turbopipes.FromSeq(strings.FieldsSeq(file))
	})(files)
	fmt.Println(words.Collect(context.Background()))
	// Output: [a b c d e] <nil>
}

func BenchmarkConcatMap(b *testing.B) {
	one := turbopipes.Just(1)
	benchmark(b, operators.ConcatMap(func(int) turbopipes.Observable[int] { return one }))
}
