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

func TestSkipFor(t *testing.T) {
	op := operators.SkipFor[string](3 * tptest.Step)
	tptest.Doc(t, "skip_for.go", "SkipFor", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":              {"----|", "----|"},
		"ends before":        {"-a|", "--|"},
		"at the very moment": {"--ab-|", "---b-|"},
		"an error at first":  {"#", "#"},
		"an error soon":      {"-a#", "--#"},
		"an error later":     {"-a-b#", "---b#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	for _, d := range []time.Duration{0, -time.Hour} {
		t.Run(fmt.Sprint(d), func(t *testing.T) { tptest.Marbles(t, "ab|", operators.SkipFor[string](d), "ab|") })
	}
}

// The time begins with the subscription, each time.
func TestSkipForBeginsAnew(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := operators.SkipFor[int](3 * time.Second)(timed(1, 2, 4, 5))
		for range 2 {
			time.Sleep(time.Hour)
			items, err := o.Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, []int{2, 3}, items)
		}
	})
}

func ExampleSkipFor() {
	readings := turbopipes.Interval(20 * time.Millisecond)
	warm := operators.SkipFor[int](30 * time.Millisecond)(readings)
	fmt.Println(operators.Take[int](2)(warm).Collect(context.Background()))
	// Output: [1 2] <nil>
}

func BenchmarkSkipFor(b *testing.B) {
	b.Run("skipping", func(b *testing.B) { benchmark(b, operators.SkipFor[int](time.Hour)) })
	b.Run("open", func(b *testing.B) { benchmark(b, operators.SkipFor[int](1)) })
}
