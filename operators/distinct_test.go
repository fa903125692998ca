package operators_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestDistinct(t *testing.T) {
	op := operators.Distinct(operators.Self[string])
	tptest.Doc(t, "distinct.go", "Distinct", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"one":               {"-a-|", "-a-|"},
		"all the same":      {"a-a-a|", "a----|"},
		"in one instant":    {"(aba)-b|", "(ab)---|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-aba#", "-ab-#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	byCase := operators.Distinct(strings.ToLower)
	t.Run("the first of a key", func(t *testing.T) { tptest.Marbles(t, "aABb|", byCase, "a-B-|") })
	requireInvalid(t, operators.Distinct[int, int](nil), "Distinct: key is nil")
	requireInvalid(t, operators.Distinct(operators.Self[int], nil), "Distinct: option 1 is nil")
	requireInvalid(t, operators.Distinct(operators.Self[int], operators.WithMaxKeys(0)), "Distinct: WithMaxKeys: n is 0, want at least 1")
	requirePanics(t, operators.Distinct(func(string) int { panic(errBoom) }))
}

func TestDistinctMaxKeys(t *testing.T) {
	op := operators.Distinct(operators.Self[string], operators.WithMaxKeys(2))
	for name, c := range map[string]struct{ in, out string }{
		"as many":  {"a-b-a-b|", "a-b----|"},
		"one more": {"a-b-a-c|", "a-b---#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out, tptest.Error(turbopipes.ErrOverflow)) })
	}
	t.Run("the last one stops it", func(t *testing.T) {
		in := turbopipes.Create(func(_ context.Context, emit func(string) bool) error {
			require.True(t, emit("a"))
			require.True(t, emit("b"))
			require.False(t, emit("c"))
			return errBoom
		})
		items, err := op(in).Collect(t.Context())
		require.Equal(t, []string{"a", "b"}, items)
		require.EqualError(t, err, "turbopipes: overflow: Distinct: more than 2 keys\nboom", "the failed clean-up stands behind")
		require.ErrorIs(t, err, errBoom)
	})
}

func ExampleDistinct() {
	visits := turbopipes.Just("ann@home", "bob@work", "ann@work", "cid@home")
	name := func(visit string) string { return visit[:3] }
	_ = operators.Distinct(name)(visits).Each(context.Background(), func(visit string) error {
		_, err := fmt.Println("welcome", visit)
		return err
	})

	bounded := operators.Distinct(name, operators.WithMaxKeys(2))(visits)
	fmt.Println(errors.Is(bounded.Drain(context.Background()), turbopipes.ErrOverflow))
	// Output:
	// welcome ann@home
	// welcome bob@work
	// welcome cid@home
	// true
}

func BenchmarkDistinct(b *testing.B) {
	b.Run("new", func(b *testing.B) { benchmark(b, operators.Distinct(operators.Self[int])) })
	b.Run("known", func(b *testing.B) { benchmark(b, operators.Distinct(func(v int) int { return v & 7 })) })
}
