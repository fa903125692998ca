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

func TestLast(t *testing.T) {
	op := operators.Last[string]()
	tptest.Doc(t, "last.go", "Last", op)
	for name, c := range map[string]struct{ in, out string }{
		"one":               {"-a-|", "---(a|)"},
		"in one instant":    {"(ab|)", "(b|)"},
		"an error at first": {"-#", "-#"},
		"an error later":    {"-a-b#", "----#"},
		"one without end":   {"-a-b--", "------"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	t.Run("empty", func(t *testing.T) { tptest.Marbles(t, "--|", op, "--#", tptest.Error(turbopipes.ErrEmpty)) })
	require.EqualError(t, op(turbopipes.Empty[string]()).Drain(t.Context()), "turbopipes: empty: Last")
	requireDiscards(t, operators.Last[int](), discards{failure: 1})
}

func ExampleLast() {
	balances := operators.Scan(100, func(sum, v int) int { return sum + v })(turbopipes.Just(-30, 50, -20))
	fmt.Println(operators.Last[int]()(balances).Collect(context.Background()))
	// Output: [100] <nil>
}

func BenchmarkLast(b *testing.B) { benchmark(b, operators.Last[int]()) }

// discards has the number of items that an operator discards at each kind of end.
type discards struct {
	failure int64 // of upstream; the same for its panic and for disposal
	stop    int64 // by downstream, at the first item
}

// requireDiscards checks which items op discards after it has had eight items.
func requireDiscards[R any](t *testing.T, op turbopipes.Operator[int, R], want discards) {
	t.Helper()
	eight := turbopipes.Range(0, 8)
	never := turbopipes.Never[int]()
	panics := operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(0))
	for name, c := range map[string]struct {
		in   turbopipes.Observable[int]
		op   turbopipes.Operator[int, R]
		want int64
	}{
		"completion": {eight, op, 0},
		"an error":   {operators.Concat(turbopipes.Throw[int](errBoom))(eight), op, want.failure},
		"a panic":    {operators.Concat(panics)(eight), op, want.failure},
		"disposal":   {operators.Concat(never)(eight), op, want.failure},
		"a stop":     {eight, turbopipes.Compose2(op, operators.Take[R](1)), want.stop},
	} {
		bubble(t, "discards at "+name, func(t *testing.T) {
			s := endedBy(t, c.op(c.in), 0, time.Second, dispose)
			require.Equal(t, c.want, s.stats.Discarded)
		})
	}
}
