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

func TestEndWith(t *testing.T) {
	op := operators.EndWith("x", "y")
	tptest.Doc(t, "end_with.go", "EndWith", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--(xy|)"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-#", "-a-#"},
		"one without end":   {"-a---", "-a---!"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	tptest.Marbles(t, "-a-|", operators.EndWith[string](), "-a-|")
}

// After downstream has refused an item, no item is appended. A clean-up that fails is not
// a completion.
func TestEndWithAfterAStop(t *testing.T) {
	items, err := operators.Take[int](1)(operators.EndWith(7)(turbopipes.Just(1, 2))).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{1}, items)
	in := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		emit(1)
		return errBoom
	})
	require.Equal(t, errBoom, operators.Take[int](1)(operators.EndWith(7)(in)).Drain(t.Context()))
}

func TestEndWithGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := endedBy(t, operators.EndWith(7, 8)(turbopipes.Interval(time.Second)), 0, 1500*time.Millisecond, stop)
		require.Equal(t, []int{0, 7, 8}, s.items)
		require.True(t, s.completed)
	})
}

func ExampleEndWith() {
	body := turbopipes.Just("<li>one</li>", "<li>two</li>")
	list := turbopipes.Compose2(operators.StartWith("<ul>"), operators.EndWith("</ul>"))
	fmt.Println(list(body).Collect(context.Background()))
	// Output: [<ul> <li>one</li> <li>two</li> </ul>] <nil>
}

func BenchmarkEndWith(b *testing.B) { benchmark(b, operators.EndWith(1)) }
