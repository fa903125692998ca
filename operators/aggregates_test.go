package operators_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// numbers turns an operator on numbers into an operator on strings.
func numbers[R any](op turbopipes.Operator[int, R]) turbopipes.Operator[string, string] {
	return turbopipes.Compose2(operators.Map(func(v string) int { return strings.Index("0123456789", v) }), prints(op))
}

// prints returns op with strings for its items.
func prints[T, R any](op turbopipes.Operator[T, R]) turbopipes.Operator[T, string] {
	return func(in turbopipes.Observable[T]) turbopipes.Observable[string] { return printed(op(in)) }
}

// renamed returns op with each item replaced by its name in the table.
func renamed(op turbopipes.Operator[string, string], names map[string]string) turbopipes.Operator[string, string] {
	return turbopipes.Compose2(op, operators.Map(func(v string) string {
		if name, ok := names[v]; ok {
			return name
		}
		return v
	}))
}

// twice returns an operator that sends every item to op twice.
func twice[R any](op turbopipes.Operator[string, R]) turbopipes.Operator[string, R] {
	return turbopipes.Compose2(operators.ConcatMap(func(v string) turbopipes.Observable[string] { return turbopipes.Just(v, v) }), op)
}

func plus(a, b int) int            { return a + b }
func ascending(a, b int) int       { return a - b }
func parity(v int) int             { return v % 2 }
func alphabetical(a, b string) int { return strings.Compare(a, b) }

// When a source is stopped gracefully, the collected items are delivered, whole.
func TestAggregatesFlush(t *testing.T) {
	for name, c := range map[string]struct {
		op   turbopipes.Operator[int, string]
		want []string
	}{
		"Average":                {prints(operators.Average[int]()), []string{"1.5"}},
		"Count":                  {prints(operators.Count[int]()), []string{"4"}},
		"Max":                    {prints(operators.Max(ascending)), []string{"3"}},
		"Min":                    {prints(operators.Min(ascending)), []string{"0"}},
		"Sum":                    {prints(operators.Sum[int]()), []string{"6"}},
		"ToMap":                  {prints(operators.ToMap(parity)), []string{"map[0:2 1:3]"}},
		"ToMapWithValueSelector": {prints(operators.ToMapWithValueSelector(parity, parity)), []string{"map[0:0 1:1]"}},
		"ToMultiMap":             {prints(operators.ToMultiMap(parity)), []string{"map[0:[0 2] 1:[1 3]]"}},
		"ToSlice":                {prints(operators.ToSlice[int]()), []string{"[0 1 2 3]"}},
		"ReduceWith":             {prints(operators.ReduceWith(func() int { return 1 }, plus)), []string{"7"}},
		"Sort":                   {prints(operators.Sort(ascending)), []string{"0", "1", "2", "3"}},
		"TopK":                   {prints(operators.TopK(2, ascending)), []string{"3", "2"}},
	} {
		bubble(t, name, func(t *testing.T) {
			s := endedBy(t, c.op(turbopipes.Interval(time.Second)), time.Hour, 4500*time.Millisecond, stop)
			require.NoError(t, s.err)
			require.True(t, s.completed)
			require.Equal(t, c.want, s.items)
			require.Zero(t, s.stats.Discarded)
		})
	}
}

// Items that an operator withholds are counted if an early end loses them.
func TestAggregatesDiscard(t *testing.T) {
	of := turbopipes.Range(0, 8)
	failing := operators.Concat(turbopipes.Throw[int](errBoom))(of)
	panicking := operators.Concat(operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(0)))(of)
	endless := silent(of)
	one := operators.Take[string](1)
	for name, c := range map[string]struct {
		op   turbopipes.Operator[int, string]
		lost int64 // to an error, to a panic of upstream, to disposal
		left int64 // when downstream has left after the first item
	}{
		"Average":                {prints(operators.Average[int]()), 8, 0},
		"Count":                  {prints(operators.Count[int]()), 8, 0},
		"Max":                    {prints(operators.Max(ascending)), 1, 0},
		"Sum":                    {prints(operators.Sum[int]()), 8, 0},
		"ToMap":                  {prints(operators.ToMap(parity)), 2, 0},
		"ToMapWithValueSelector": {prints(operators.ToMapWithValueSelector(parity, parity)), 2, 0},
		"ToMultiMap":             {prints(operators.ToMultiMap(parity)), 8, 0},
		"ToSlice":                {prints(operators.ToSlice[int]()), 8, 0},
		"ReduceWith":             {prints(operators.ReduceWith(func() int { return 1 }, plus)), 8, 0},
		"Sort":                   {prints(operators.Sort(ascending)), 8, 7},
		"TopK":                   {prints(operators.TopK(3, ascending)), 3, 2},
		"TopK, fewer":            {prints(operators.TopK(30, ascending)), 8, 7},
	} {
		for how, in := range map[string]turbopipes.Observable[int]{"an error": failing, "a panic": panicking, "disposal": endless} {
			bubble(t, name+", "+how, func(t *testing.T) {
				s := endedBy(t, c.op(in), 0, time.Second, dispose)
				require.Empty(t, s.items)
				require.Equal(t, c.lost, s.stats.Discarded)
			})
		}
		bubble(t, name+", a stop", func(t *testing.T) {
			s := endedBy(t, turbopipes.Compose2(c.op, one)(of), 0, time.Second, itself)
			require.NoError(t, s.err)
			require.Len(t, s.items, 1)
			require.Equal(t, c.left, s.stats.Discarded)
		})
	}
	mad := func(int, int) int { panic(errBoom) }
	for name, op := range map[string]turbopipes.Operator[int, int]{"Sort": operators.Sort(mad), "TopK": operators.TopK(3, mad)} {
		bubble(t, name+", a panic of compare", func(t *testing.T) {
			s := endedBy(t, op(of), 0, time.Second, itself)
			require.ErrorIs(t, s.err, errBoom)
			require.Equal(t, map[string]int64{"Sort": 8, "TopK": 1}[name], s.stats.Discarded)
			require.Equal(t, map[string]int64{"Sort": 0, "TopK": 1}[name], s.stats.Failed)
		})
	}
}

// If downstream swallows everything, the end of ctx is still noticed.
func TestAggregatesLookAtContext(t *testing.T) {
	for name, op := range map[string]turbopipes.Operator[int, int]{
		"Sort": operators.Sort(ascending),
		"TopK": operators.TopK(1000, ascending),
	} {
		bubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			reached := 0
			none := operators.Filter(func(int) bool {
				if reached++; reached == 100 {
					cancel(errBoom)
				}
				return false
			})
			s := none(op(turbopipes.Range(0, 1000))).Subscribe(ctx, turbopipes.Observer[int]{})
			require.Equal(t, errBoom, s.Wait())
			require.Less(t, reached, 200)
			require.EqualValues(t, 1000-reached, s.Stats().Discarded)
		})
	}
}
