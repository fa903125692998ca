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

func TestSwitchIfEmpty(t *testing.T) {
	doc := tptest.DocDiagram(t, "switch_if_empty.go", "SwitchIfEmpty")
	for name, c := range map[string]struct{ in, alt, out string }{
		"as documented":            {doc["in"], doc["other"], doc["out"]},
		"not empty":                {"-a-|", "-x-y|", "-a-|"},
		"both empty":               {"-|", "--|", "---|"},
		"both at once":             {"|", "(xy|)", "(xy|)"},
		"an error at first":        {"-#", "-x-y|", "-#"},
		"an error later":           {"-a#", "-x-y|", "-a#"},
		"an error in its place":    {"-|", "-x-#", "--x-#"},
		"one in its place for all": {"-|", "-x--", "--x--!"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				alt := tptest.Cold[string](s, c.alt, nil)
				tptest.Expect(s, operators.SwitchIfEmpty(alt)(tptest.Cold[string](s, c.in, nil)), c.out, nil)
			})
		})
	}
	requireInvalid(t, operators.SwitchIfEmpty(turbopipes.Observable[int]{}), "SwitchIfEmpty: other is the zero Observable")
}

// alt begins when upstream is reaped, and is not subscribed to when downstream
// has left, also if that was at the first item.
func TestSwitchIfEmptySubscribes(t *testing.T) {
	var a alive
	upstream := func(n int) turbopipes.Observable[int] {
		return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			defer a.enter()()
			if n > 0 {
				emit(n)
			}
			return nil
		})
	}
	subscribed := 0
	alt := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		subscribed++
		a.requireReaped(t)
		emit(7)
		return nil
	})
	op := operators.SwitchIfEmpty(alt)
	items, err := operators.Take[int](1)(op(upstream(1))).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{1}, items)
	require.Zero(t, subscribed)
	items, err = op(upstream(0)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{7}, items)
	require.Equal(t, 1, subscribed)

	err = operators.SwitchIfEmpty(turbopipes.Create(func(context.Context, func(int) bool) error { panic(errBoom) }))(upstream(0)).Drain(t.Context())
	require.ErrorIs(t, err, errBoom, "a panic of alt")
}

// A graceful stop completes both.
func TestSwitchIfEmptyGracefulStop(t *testing.T) {
	count := operators.Reduce(100, func(n, _ int) int { return n + 1 })
	uncalled := turbopipes.Create(func(context.Context, func(int) bool) error { t.Error("called"); return nil })
	bubble(t, "in upstream", func(t *testing.T) {
		s := endedBy(t, operators.SwitchIfEmpty(count(uncalled))(turbopipes.Never[int]()), 0, time.Second, stop)
		require.True(t, s.completed)
		require.Equal(t, []int{100}, s.items)
	})
	bubble(t, "in its place", func(t *testing.T) {
		alt := count(turbopipes.Interval(time.Second))
		s := endedBy(t, operators.SwitchIfEmpty(alt)(turbopipes.Empty[int]()), 0, 2500*time.Millisecond, stop)
		require.True(t, s.completed)
		require.Equal(t, []int{102}, s.items)
	})
}

func ExampleSwitchIfEmpty() {
	cached := turbopipes.Empty[string]()
	fetched := turbopipes.Just("from the network")
	fmt.Println(operators.SwitchIfEmpty(fetched)(cached).Collect(context.Background()))
	// Output: [from the network] <nil>
}

func BenchmarkSwitchIfEmpty(b *testing.B) {
	benchmark(b, operators.SwitchIfEmpty(turbopipes.Empty[int]()))
}
