package operators_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// failsOnX turns letters into results. The result of x is a failure.
func failsOnX() turbopipes.Operator[string, turbopipes.Result[string]] {
	return operators.TryMap(operators.AsResults(upper))
}

func TestDeadLetter(t *testing.T) {
	lower := operators.Map(func(v string) string { return string(v[0] + 'a' - 'A') })
	dead := func(sink func(context.Context, turbopipes.Result[string]) error) turbopipes.Operator[string, string] {
		return turbopipes.Compose3(failsOnX(), operators.DeadLetter(sink), lower)
	}
	keeps := dead(func(_ context.Context, r turbopipes.Result[string]) error {
		item := (*turbopipes.ItemError[string])(nil)
		require.ErrorAs(t, r.Err, &item)
		require.Equal(t, "x", item.Item)
		return nil
	})
	fails := dead(func(context.Context, turbopipes.Result[string]) error { return tptest.ErrMarble })
	slow := dead(func(ctx context.Context, _ turbopipes.Result[string]) error {
		select {
		case <-time.After(3 * tptest.Step):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	tptest.Doc(t, "dead_letter.go", "DeadLetter", keeps)
	for name, c := range map[string]struct {
		in  string
		op  turbopipes.Operator[string, string]
		out string
	}{
		"empty":              {"--|", keeps, "--|"},
		"none has failed":    {"a-b|", fails, "a-b|"},
		"all have failed":    {"x-x|", keeps, "---|"},
		"sink fails":         {"a-x-b|", fails, "a-#"},
		"sink holds":         {"axb--|", slow, "a---b|"},
		"an error at first":  {"#", keeps, "#"},
		"an error later":     {"-a-x#", keeps, "-a--#"},
		"the end is not its": {"a-x-|", keeps, "a---|"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out) })
	}
	requireInvalid(t, operators.DeadLetter[int](nil), "DeadLetter: sink is nil")
	failed := operators.Map(func(string) turbopipes.Result[string] { return turbopipes.Result[string]{Err: errLate} })
	requirePanics(t, turbopipes.Compose2(failed, operators.DeadLetter(func(context.Context, turbopipes.Result[string]) error { panic(errBoom) })))
}

func TestDeadLetterStopsUpstream(t *testing.T) {
	for want, cleanUp := range map[string]error{"boom": nil, "boom\nlate": errLate} {
		in := turbopipes.Create(func(_ context.Context, emit func(turbopipes.Result[int]) bool) error {
			require.True(t, emit(turbopipes.Result[int]{Value: 1}))
			require.False(t, emit(turbopipes.Result[int]{Value: 2, Err: errBoom}))
			return cleanUp
		})
		sink := func(_ context.Context, r turbopipes.Result[int]) error { return r.Err }
		items, err := operators.DeadLetter(sink)(in).Collect(t.Context())
		require.EqualError(t, err, want)
		require.Equal(t, []int{1}, items)
	}
}

// A pipeline that sink runs is not cut short by a graceful stop.
func TestDeadLetterShieldsItsSink(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		written := 0
		sink := func(ctx context.Context, _ turbopipes.Result[int]) error {
			return operators.Take[int](5)(turbopipes.Interval(time.Second)).Push(ctx, func(int) bool { written++; return true })
		}
		failed := operators.Map(func(v int) turbopipes.Result[int] { return turbopipes.Result[int]{Value: v, Err: errBoom} })
		s := endedBy(t, operators.DeadLetter(sink)(failed(turbopipes.Interval(time.Second))), 0, 2500*time.Millisecond, stop)
		require.NoError(t, s.err)
		require.True(t, s.completed)
		require.Equal(t, 5, written)
	})
}

func ExampleDeadLetter() {
	parse := operators.AsResults(func(_ context.Context, s string) (int, error) { return strconv.Atoi(s) })
	numbers := operators.DeadLetter(func(_ context.Context, r turbopipes.Result[int]) error {
		if item := (*turbopipes.ItemError[string])(nil); errors.As(r.Err, &item) {
			fmt.Printf("not a number: %q\n", item.Item)
		}
		return nil
	})(operators.TryMap(parse)(turbopipes.Just("1", "two", "3")))
	fmt.Println(numbers.Collect(context.Background()))
	// Output:
	// not a number: "two"
	// [1 3] <nil>
}

func BenchmarkDeadLetter(b *testing.B) {
	results := operators.Map(func(v int) turbopipes.Result[int] { return turbopipes.Result[int]{Value: v} })
	benchmark(b, turbopipes.Compose2(results, operators.DeadLetter(func(context.Context, turbopipes.Result[int]) error { return nil })))
}
