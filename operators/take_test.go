package operators_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestTake(t *testing.T) {
	op := operators.Take[string](2)
	tptest.Doc(t, "take.go", "Take", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":                   {"--|", "--|"},
		"fewer":                   {"-a-|", "-a-|"},
		"as many":                 {"-a-b-|", "-a-(b|)"},
		"an error at first":       {"#", "#"},
		"an error before the end": {"-a#", "-a#"},
		"an error behind the end": {"-a-b#", "-a-(b|)"},
		"all in one instant":      {"(abc)#", "(ab|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Take[int](-1), "Take: n is -1, want at least 0")
}

func TestTakeNone(t *testing.T) {
	called := turbopipes.Create(func(context.Context, func(int) bool) error {
		t.Error("subscribed")
		return errBoom
	})
	items, err := operators.Take[int](0)(called).Collect(t.Context())
	require.NoError(t, err)
	require.Empty(t, items)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBoom)
	require.Equal(t, errBoom, operators.Take[int](0)(called).Drain(ctx), "not complete under a ctx that has ended")
}

// It completes with the n-th item, and does not wait for the next item.
func TestTakeStopsUpstream(t *testing.T) {
	returned := false
	in := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		require.True(t, emit(1))
		require.False(t, emit(2))
		returned = true
		return errBoom
	})
	items, err := operators.Take[int](2)(in).Collect(t.Context())
	require.Equal(t, errBoom, err, "the failed clean-up is told")
	require.Equal(t, []int{1, 2}, items)
	require.True(t, returned)
}

func ExampleTake() {
	ticks := operators.Take[int](3)(turbopipes.Interval(time.Millisecond))
	fmt.Println(ticks.Collect(context.Background()))
	// Output: [0 1 2] <nil>
}

func BenchmarkTake(b *testing.B) { benchmark(b, operators.Take[int](math.MaxInt)) }
