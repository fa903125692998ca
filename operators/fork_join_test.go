package operators_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func together(items []string) string { return strings.Join(items, "") }

func TestForkJoin(t *testing.T) {
	doc := tptest.DocDiagram(t, "fork_join.go", "ForkJoin")
	expectAll(t, map[string]drawn{
		"as documented":           {two(doc["a"], doc["b"]), doc["out"], nil},
		"none":                    {[]string{"-a-b-|"}, "-----(b|)", nil},
		"three":                   {[]string{"-a|", "b---|", "c|"}, "----({abc}|)", nil},
		"upstream is empty":       {two("--|", "a----b"), "--|", nil},
		"another is empty":        {two("a----b", "--|"), "--|", nil},
		"one that never ends":     {two("a-|", "b----"), "----!", nil},
		"an error at first":       {two("#", "-b-"), "#", nil},
		"an error later":          {two("-a-#", "b---b-"), "---#", nil},
		"an error in another":     {two("-a---a-", "b--#"), "---#", nil},
		"an error after upstream": {two("a|", "b---#"), "----#", nil},
	}, func(in []turbopipes.Observable[string]) turbopipes.Observable[string] {
		return operators.Map(together)(operators.ForkJoin(in[1:]...)(in[0]))
	})
	requireInvalid(t, operators.ForkJoin(turbopipes.Just(1), turbopipes.Observable[int]{}), "ForkJoin: others[1] is the zero Observable")
}

func TestForkJoinReaps(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		a := tptest.Cold[string](s, "-a----a", nil, tptest.Unwinds(2*tptest.Step), tptest.Subscribed("^---!"))
		b := tptest.Cold[string](s, "--|", nil, tptest.Subscribed("^-!"))
		c := tptest.Cold[string](s, "-c-----", nil, tptest.Subscribed("^-!"))
		tptest.Expect(s, operators.Map(together)(operators.ForkJoin(b, c)(a)), "----|", nil, tptest.Once())
	})
	bubble(t, "clean-up fails", func(t *testing.T) {
		failing := failingCleanUp[int](errLate)
		require.EqualError(t, operators.ForkJoin(failing)(boom[int](time.Second)).Drain(t.Context()), "boom\nlate")
		require.EqualError(t, operators.ForkJoin(boom[int](time.Second))(failing).Drain(t.Context()), "boom\nlate")
		require.Equal(t, errLate, operators.ForkJoin(failing)(nothing()).Drain(t.Context()), "also at a completion")
	})
	bubble(t, "panics", func(t *testing.T) {
		panics := operators.Map(func(int) int { panic(errBoom) })(timed(1))
		require.ErrorIs(t, operators.ForkJoin(panics)(turbopipes.Never[int]()).Drain(t.Context()), errBoom)
		require.ErrorIs(t, operators.ForkJoin(turbopipes.Never[int]())(panics).Drain(t.Context()), errBoom)
	})
}

// No stream waits, and a failure also ends streams that check only the result of emit.
func TestForkJoinHoldsNothing(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a, b counting
		begin := time.Now()
		require.NoError(t, operators.ForkJoin(b.stream(1000))(a.stream(1000)).Drain(t.Context()))
		require.EqualValues(t, 2000, a.accepted.Load()+b.accepted.Load())
		require.Zero(t, time.Since(begin))
		require.Equal(t, errBoom, operators.ForkJoin(boom[int](1500*time.Millisecond))(deaf(10)).Drain(t.Context()))
		require.Equal(t, 2*time.Second, time.Since(begin))
		begin = time.Now()
		require.Equal(t, errBoom, operators.ForkJoin(deaf(10))(boom[int](1500*time.Millisecond)).Drain(t.Context()))
		require.Equal(t, 2*time.Second, time.Since(begin))
	})
}

// Last items that were kept in vain count as lost at an early end, but not at a
// completion.
func TestForkJoinDiscards(t *testing.T) {
	one := silent(turbopipes.Just(1, 2, 3))
	for name, c := range map[string]struct {
		other turbopipes.Observable[int]
		end   func(*testing.T, *turbopipes.Subscription)
		err   error
		lost  int64
	}{
		"a dispose":       {one, dispose, nil, 2},
		"an error":        {operators.Concat(boom[int](time.Second))(turbopipes.Just(1)), itself, errBoom, 2},
		"a completion":    {nothing(), itself, nil, 0},
		"a graceful stop": {one, stop, nil, 0},
	} {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, operators.ForkJoin(c.other)(one), 0, 5*time.Second, c.end)
			require.Equal(t, c.err, s.err)
			require.Equal(t, c.lost, s.stats.Discarded)
		})
	}
}

func TestForkJoinGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := operators.ForkJoin(turbopipes.Interval(2 * time.Second))(turbopipes.Interval(time.Second))
		s := endedBy(t, o, 0, 5500*time.Millisecond, stop)
		require.Equal(t, [][]int{{4, 1}}, s.items)
		require.True(t, s.completed)
	})
}

func ExampleForkJoin() {
	user, orders := turbopipes.Just("Ada"), turbopipes.Just("order 1", "order 2")
	page, err := operators.ForkJoin(orders)(user).Collect(context.Background())
	fmt.Println(page, err)
	// Output: [[Ada order 2]] <nil>
}

func BenchmarkForkJoin(b *testing.B) { benchmark(b, operators.ForkJoin(turbopipes.Just(1))) }
