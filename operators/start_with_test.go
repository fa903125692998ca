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

func TestStartWith(t *testing.T) {
	op := operators.StartWith("x", "y")
	tptest.Doc(t, "start_with.go", "StartWith", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "0:x 0:y 2:|"},
		"empty at once":     {"|", "(xy|)"},
		"an error at first": {"#", "(xy#)"},
		"an error later":    {"----a#", "0:x 0:y 4:a 5:#"},
		"one without end":   {"----a--", "0:x 0:y 4:a 6:!"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	tptest.Marbles(t, "-a-|", operators.StartWith[string](), "-a-|")
}

// Upstream begins after the last item. It does not begin if downstream leaves before.
func TestStartWithSubscribesLate(t *testing.T) {
	var a alive
	in := turbopipes.Create(func(context.Context, func(int) bool) error { defer a.enter()(); return nil })
	seen := 0
	err := operators.StartWith(1, 2)(in).Each(t.Context(), func(int) error {
		seen++
		require.Zero(t, a.total.Load())
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, seen)
	require.EqualValues(t, 1, a.total.Load())
	require.NoError(t, operators.Take[int](2)(operators.StartWith(1, 2)(in)).Drain(t.Context()))
	require.EqualValues(t, 1, a.total.Load())
}

// If downstream swallows everything, the end of ctx ends the items too.
func TestStartWithLooksAtContext(t *testing.T) {
	for name, op := range map[string]turbopipes.Operator[int, int]{
		"StartWith": operators.StartWith(make([]int, 1000)...),
		"EndWith":   operators.EndWith(make([]int, 1000)...),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			seen := 0
			swallow := operators.Filter(func(int) bool {
				if seen++; seen == 100 {
					cancel(errBoom)
				}
				return false
			})
			require.Equal(t, errBoom, swallow(op(turbopipes.Empty[int]())).Drain(ctx))
			require.Less(t, seen, 200)
		})
	}
}

func TestStartWithGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := endedBy(t, operators.StartWith(7, 8, 9)(turbopipes.Interval(time.Second)), time.Second, 1500*time.Millisecond, stop)
		require.Equal(t, []int{7, 8, 9}, s.items, "upstream is not called any more")
		require.True(t, s.completed)
	})
}

func ExampleStartWith() {
	rows := turbopipes.Just("1;Ada", "2;Grace")
	fmt.Println(operators.StartWith("id;name")(rows).Collect(context.Background()))
	// Output: [id;name 1;Ada 2;Grace] <nil>
}

func BenchmarkStartWith(b *testing.B) { benchmark(b, operators.StartWith(1)) }
