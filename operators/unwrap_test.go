package operators_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestUnwrap(t *testing.T) {
	results := operators.Map(func(v string) turbopipes.Result[string] {
		if v == "x" {
			return turbopipes.Result[string]{Value: v, Err: tptest.ErrMarble}
		}
		return turbopipes.Result[string]{Value: v}
	})
	op := turbopipes.Compose2(results, operators.Unwrap[string]())
	tptest.Doc(t, "unwrap.go", "Unwrap", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"all succeed":       {"a-b|", "a-b|"},
		"the first fails":   {"x-b|", "#"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b#", "-a-b#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func TestUnwrapStopsUpstream(t *testing.T) {
	for want, cleanUp := range map[string]error{"boom": nil, "boom\nlate": errLate} {
		in := turbopipes.Create(func(_ context.Context, emit func(turbopipes.Result[int]) bool) error {
			require.True(t, emit(turbopipes.Result[int]{Value: 1}))
			require.False(t, emit(turbopipes.Result[int]{Err: errBoom}))
			return cleanUp
		})
		items, err := operators.Unwrap[int]()(in).Collect(t.Context())
		require.EqualError(t, err, want)
		require.Equal(t, []int{1}, items)
	}
}

func ExampleUnwrap() {
	stock := map[string]int{"apple": 3, "pear": 0}
	count := operators.AsResults(func(_ context.Context, name string) (int, error) {
		if n, ok := stock[name]; ok {
			return n, nil
		}
		return 0, errors.New("unknown: " + name)
	})
	counts := operators.TryMap(count)(turbopipes.Just("apple", "pear", "fig", "plum"))
	fmt.Println(operators.Unwrap[int]()(counts).Collect(context.Background()))
	// Output: [3 0] item: unknown: fig
}

func BenchmarkUnwrap(b *testing.B) {
	results := operators.Map(func(v int) turbopipes.Result[int] { return turbopipes.Result[int]{Value: v} })
	benchmark(b, turbopipes.Compose2(results, operators.Unwrap[int]()))
}
