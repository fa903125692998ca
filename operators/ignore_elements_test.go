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

func TestIgnoreElements(t *testing.T) {
	op := operators.IgnoreElements[string]()
	tptest.Doc(t, "ignore_elements.go", "IgnoreElements", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b#", "----#"},
		"one without end":   {"-a-b--", "------"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

// Nothing refuses an item, so an endless source must check ctx.
func TestIgnoreElementsOfAnEndlessSource(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	n := 0
	in := operators.Do(operators.Hooks[int]{Next: func(int) {
		if n++; n == 1000 {
			cancel(errBoom)
		}
	}})(turbopipes.Range(0, math.MaxInt))
	require.Equal(t, errBoom, operators.IgnoreElements[int]()(in).Drain(ctx))
}

func ExampleIgnoreElements() {
	save := operators.Do(operators.Hooks[string]{Next: func(name string) { fmt.Println("saved", name) }})(turbopipes.Just("a.txt", "b.txt"))
	saved := operators.IgnoreElements[string]()(save)
	report := operators.Concat(turbopipes.Just("all saved"))(saved)
	fmt.Println(report.Collect(context.Background()))
	// Output:
	// saved a.txt
	// saved b.txt
	// [all saved] <nil>
}

func BenchmarkIgnoreElements(b *testing.B) { benchmark(b, operators.IgnoreElements[int]()) }
