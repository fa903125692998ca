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

func TestTryMap(t *testing.T) {
	op := operators.TryMap(func(ctx context.Context, v string) (string, error) {
		if v, err := upper(ctx, v); err == nil {
			return v, nil
		}
		return "", tptest.ErrMarble
	})
	tptest.Doc(t, "try_map.go", "TryMap", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":                  {"--|", "--|"},
		"an error at first":      {"#", "#"},
		"an error later":         {"-a-b#", "-A-B#"},
		"fn fails at the first":  {"-x-a|", "-#"},
		"fn fails in an instant": {"-(axb)|", "-(A#)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.TryMap[int, string](nil), "TryMap: fn is nil")
	requirePanics(t, operators.TryMap(func(context.Context, string) (int, error) { panic(errBoom) }))
}

// Upstream waits while fn runs.
func TestTryMapTakesItsTime(t *testing.T) {
	slow := operators.TryMap(func(ctx context.Context, v string) (string, error) {
		select {
		case <-time.After(3 * tptest.Step):
			return v, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
	tptest.Marbles(t, "ab---c-|", slow, "---a--b--(c|)")
}

func TestTryMapFails(t *testing.T) {
	fails := operators.TryMap(func(context.Context, int) (int, error) { return 0, errBoom })
	unwound := false
	in := func(cleanUp error) turbopipes.Observable[int] {
		return turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			require.False(t, emit(1))
			unwound = true
			return cleanUp
		})
	}
	require.Equal(t, errBoom, fails(in(nil)).Drain(t.Context()))
	require.True(t, unwound)
	require.EqualError(t, fails(in(errLate)).Drain(t.Context()), "boom\nlate", "the clean-up's error is joined")

	cancelled := operators.TryMap(func(context.Context, int) (int, error) { return 0, context.Canceled })
	require.Equal(t, context.Canceled, cancelled(turbopipes.Just(1)).Drain(t.Context()), "an ordinary error while ctx is alive")

	ctx, cancel := context.WithCancelCause(t.Context())
	echo := operators.TryMap(func(ctx context.Context, _ int) (int, error) {
		cancel(errLate)
		return 0, fmt.Errorf("fn: %w", ctx.Err())
	})
	require.Equal(t, errLate, echo(turbopipes.Just(1)).Drain(ctx), "the cause, and not what fn makes of it")
}

// A pipeline that fn runs is not cut short by a graceful stop.
func TestTryMapShields(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var sums []int
		sum := operators.TryMap(func(ctx context.Context, n int) (sum int, err error) {
			slow := operators.Take[int](n)(turbopipes.Interval(time.Second))
			err = slow.Each(ctx, func(v int) error { sum += v; return nil })
			if turbopipes.Stopping(ctx) != nil {
				t.Error("fn's ctx is that of the subscription")
			}
			return sum, err
		})
		s := sum(turbopipes.Just(5, 6)).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) { sums = append(sums, v) }})
		time.Sleep(2500 * time.Millisecond)
		require.NoError(t, s.Stop(t.Context()))
		require.Equal(t, []int{0 + 1 + 2 + 3 + 4}, sums)
	})
}

func ExampleTryMap() {
	lines := turbopipes.Just("12", "30", "x7", "8")
	parse := func(_ context.Context, line string) (int, error) { return strconv.Atoi(line) }
	numbers := operators.TryMap(parse)(lines)
	err := numbers.Each(context.Background(), func(n int) error {
		_, err := fmt.Println(n)
		return err
	})
	fmt.Println(errors.Is(err, strconv.ErrSyntax), err)
	// Output:
	// 12
	// 30
	// true strconv.Atoi: parsing "x7": invalid syntax
}

func BenchmarkTryMap(b *testing.B) { benchmark(b, operators.TryMap(identity)) }
