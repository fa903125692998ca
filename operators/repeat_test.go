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

func TestRepeat(t *testing.T) {
	tptest.Doc(t, "repeat.go", "Repeat", operators.Repeat[string](2))
	wait := operators.WithDelay(3 * tptest.Step)
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"once":               {operators.Repeat[string](1), "-a-|", "-a-|"},
		"three times":        {operators.Repeat[string](3), "-a|", "-a-a-a|"},
		"empty":              {operators.Repeat[string](3), "--|", "------|"},
		"empty at once":      {operators.Repeat[string](3), "|", "|"},
		"an error at first":  {operators.Repeat[string](3), "#", "#"},
		"an error later":     {operators.Repeat[string](turbopipes.Infinite), "-a#", "-a#"},
		"never ends":         {operators.Repeat[string](3), "-a-", "-a--"},
		"without a limit":    {operators.Repeat[string](turbopipes.Infinite), "-a-|", "-a--a--a-!"},
		"with a delay":       {operators.Repeat[string](3, wait), "-a|", "-a----a----a|"},
		"a delay of its own": {operators.Repeat[string](2, operators.WithDelay(0)), "-a|", "-a-a|"},
		"a delay, and once":  {operators.Repeat[string](1, wait), "-a|", "-a|"},
		"a delay, no limit":  {operators.Repeat[string](turbopipes.Infinite, wait), "-a|", "-a----a---!"},
		"not at all":         {operators.Repeat[string](0, wait), "-a|", "|"},
		"not even its error": {operators.Repeat[string](0), "#", "|"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out) })
	}
	for text, op := range map[string]turbopipes.Operator[int, int]{
		"n is -2, want at least 0, or Infinite":     operators.Repeat[int](-2),
		"option 1 is nil":                           operators.Repeat[int](1, nil),
		"WithDelay: delay is -1ns, want at least 0": operators.Repeat[int](1, operators.WithDelay(-1)),
	} {
		requireInvalid(t, op, "Repeat: "+text)
	}
	items, err := operators.Repeat[int](0)(uncalled(t)).Collect(t.Context())
	require.NoError(t, err)
	require.Empty(t, items)
}

// An error in a later run, and a stop by downstream in the middle of one.
func TestRepeatLaterRuns(t *testing.T) {
	runs := 0
	in := turbopipes.Defer(func(context.Context) (turbopipes.Observable[int], error) {
		if runs++; runs == 3 {
			return turbopipes.Observable[int]{}, errBoom
		}
		return turbopipes.Just(runs, 10*runs), nil
	})
	items, err := operators.Repeat[int](9)(in).Collect(t.Context())
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, []int{1, 10, 2, 20}, items)
	runs = 0
	items, err = operators.Take[int](3)(operators.Repeat[int](turbopipes.Infinite)(in)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{1, 10, 2}, items)
	require.Equal(t, 2, runs)
	runs = 0
	items, err = operators.Take[int](4)(operators.Repeat[int](turbopipes.Infinite)(in)).Collect(t.Context())
	require.NoError(t, err, "no run begins behind the last item")
	require.Equal(t, []int{1, 10, 2, 20}, items)
}

// A source that completes at once, each time: only Repeat can see that ctx has
// ended.
func TestRepeatLooksAtContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	runs := 0
	in := operators.Finally[int](func() {
		if runs++; runs == 1000 {
			cancel(errBoom)
		}
	})(turbopipes.Empty[int]())
	require.Equal(t, errBoom, operators.Repeat[int](turbopipes.Infinite)(in).Drain(ctx))
	require.Equal(t, 1000, runs)
}

// A run is reaped before the next one begins.
func TestRepeatNeverOverlaps(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a alive
		in := turbopipes.Create(func(context.Context, func(int) bool) error {
			a.requireReaped(t)
			defer a.enter()()
			time.Sleep(time.Second)
			return nil
		})
		require.NoError(t, operators.Repeat[int](4)(operators.Merge(turbopipes.Empty[int]())(in)).Drain(t.Context()))
		require.EqualValues(t, 4, a.total.Load())
	})
}

// A stop ends the stream after the current run, which flushes. During a wait, it ends
// at once.
func TestRepeatGracefulStop(t *testing.T) {
	sum := operators.Reduce(0, func(n, _ int) int { return n + 1 })(operators.Take[int](3)(turbopipes.Interval(time.Second)))
	for name, c := range map[string]struct {
		op    turbopipes.Operator[int, int]
		after time.Duration
		items []int
	}{
		"in a run":  {operators.Repeat[int](turbopipes.Infinite), 5 * time.Second, []int{3, 1}},
		"in a wait": {operators.Repeat[int](turbopipes.Infinite, operators.WithDelay(time.Hour)), 5 * time.Second, []int{3}},
	} {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, c.op(sum), 0, c.after-time.Second/2, stop)
			require.NoError(t, s.err)
			require.Equal(t, c.items, s.items)
			require.True(t, s.completed)
			require.Equal(t, c.after-time.Second/2, s.took)
		})
	}
}

func ExampleRepeat() {
	queue := []string{"a", "b", "c"}
	poll := turbopipes.Defer(func(context.Context) (turbopipes.Observable[string], error) {
		head := queue[0]
		queue = queue[1:]
		return turbopipes.Just(head), nil
	})
	polled := operators.Repeat[string](3, operators.WithDelay(time.Millisecond))(poll)
	fmt.Println(polled.Collect(context.Background()))
	// Output: [a b c] <nil>
}

func BenchmarkRepeat(b *testing.B) { benchmark(b, operators.Repeat[int](1)) }
