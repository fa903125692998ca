package operators_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestTakeLast(t *testing.T) {
	op := operators.TakeLast[string](2)
	tptest.Doc(t, "take_last.go", "TakeLast", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"fewer":             {"-a-|", "---(a|)"},
		"as many":           {"-a-b-|", "-----(ab|)"},
		"in one instant":    {"(abcd)|", "------(cd|)"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b-c#", "------#"},
		"one without end":   {"-a-b-c--", "--------"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	t.Run("a slow downstream", func(t *testing.T) { tptest.Marbles(t, "abc|", op, "---b--c--|", tptest.Busy(3*tptest.Step)) })
	requireInvalid(t, operators.TakeLast[int](-1), "TakeLast: n is -1, want at least 0")
	requireDiscards(t, operators.TakeLast[int](3), discards{failure: 3, stop: 2})
}

// For every n, it emits the last items of the stream, and needs no more memory than for
// them.
func TestTakeLastCounts(t *testing.T) {
	for _, n := range []int{1, 2, 7, 8, 9, 63, 64, 65, 99, 100, 101, 1 << 30, math.MaxInt} {
		items, err := operators.TakeLast[int](n)(turbopipes.Range(0, 100)).Collect(t.Context())
		require.NoError(t, err)
		all, err := turbopipes.Range(0, 100).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, all[max(0, 100-n):], items, "n: %d", n)
	}
}

func TestTakeLastNone(t *testing.T) {
	called := turbopipes.Create(func(context.Context, func(int) bool) error {
		t.Error("subscribed")
		return errBoom
	})
	items, err := operators.TakeLast[int](0)(called).Collect(t.Context())
	require.NoError(t, err)
	require.Empty(t, items)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBoom)
	require.Equal(t, errBoom, operators.TakeLast[int](0)(called).Drain(ctx), "not complete under a ctx that has ended")
}

func ExampleTakeLast() {
	log := turbopipes.Just("start", "listen", "panic", "stop")
	tail := operators.TakeLast[string](2)(log)
	fmt.Println(tail.Collect(context.Background()))
	// Output: [panic stop] <nil>
}

func BenchmarkTakeLast(b *testing.B) { benchmark(b, operators.TakeLast[int](100)) }
