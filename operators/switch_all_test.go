package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestSwitchAll(t *testing.T) {
	doc := tptest.DocDiagram(t, "switch_all.go", "SwitchAll")
	for name, c := range map[string]struct{ in, inner, out string }{
		"as documented":       {doc["in"], doc["inner"], doc["out"]},
		"empty":               {"--|", "-x|", "--|"},
		"an error at first":   {"#", "-x|", "#"},
		"an error later":      {"a--#", "-x-", "1:{ax} 3:#"},
		"an inner one fails":  {"a-----", "-x-#", "1:{ax} 3:#"},
		"one that never ends": {"a-|", "-x---", "1:{ax} 4:!"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				streams := operators.Map(each(s, c.inner))(tptest.Cold[string](s, c.in, nil))
				tptest.Expect(s, operators.SwitchAll[string]()(streams), c.out, nil)
			})
		})
	}
	zero := turbopipes.Just(turbopipes.Observable[int]{})
	require.ErrorIs(t, operators.SwitchAll[int]()(zero).Drain(t.Context()), turbopipes.ErrInvalidArgument)
	err := operators.SwitchAll[int]()(turbopipes.Observable[turbopipes.Observable[int]]{}).Drain(t.Context())
	require.EqualError(t, err, "turbopipes: invalid argument: SwitchAll: upstream is the zero Observable")
	panics := operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(1))
	require.ErrorIs(t, operators.SwitchAll[int]()(turbopipes.Just(panics)).Drain(t.Context()), errBoom)
}

// The old stream has ended before the next one begins.
func TestSwitchAllReapsFirst(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) { // 13
		inners := map[string]turbopipes.Observable[string]{
			"a": tptest.Cold[string](s, "-x-", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^----!")),
			"b": tptest.Cold[string](s, "-y|", nil, tptest.Subscribed("-----^!")),
		}
		streams := operators.Map(func(v string) turbopipes.Observable[string] { return inners[v] })(tptest.Cold[string](s, "a--b-----|", nil))
		tptest.Expect(s, operators.SwitchAll[string]()(streams), "-x----y--|", nil)
	})
}

func ExampleSwitchAll() {
	channels := turbopipes.Just(turbopipes.Never[string](), turbopipes.Never[string](), turbopipes.Just("news", "weather"))
	fmt.Println(operators.SwitchAll[string]()(channels).Collect(context.Background()))
	// Output: [news weather] <nil>
}

func BenchmarkSwitchAll(b *testing.B) {
	one := turbopipes.Just(1)
	benchmark(b, turbopipes.Compose2(operators.Map(func(int) turbopipes.Observable[int] { return one }), operators.SwitchAll[int]()))
}
