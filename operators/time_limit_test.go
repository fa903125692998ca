package operators_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func TestTimeLimit(t *testing.T) {
	wait := func(ctx context.Context, d time.Duration) (string, error) {
		select {
		case <-time.After(d):
			return "done", nil
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	task := operators.TimeLimit(time.Second, wait)
	bubble(t, "in time, and not", func(t *testing.T) {
		r, err := task(t.Context(), time.Second/2)
		require.NoError(t, err)
		require.Equal(t, "done", r)
		_, err = task(t.Context(), 2*time.Second)
		require.ErrorIs(t, err, turbopipes.ErrTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "the limit of the task is 1s")
	})
	bubble(t, "a late result is kept, and a late error is wrapped", func(t *testing.T) {
		r, err := operators.TimeLimit(time.Second, func(context.Context, int) (int, error) {
			time.Sleep(time.Minute)
			return 7, nil
		})(t.Context(), 0)
		require.NoError(t, err)
		require.Equal(t, 7, r)
		_, err = operators.TimeLimit(time.Second, func(context.Context, int) (int, error) {
			time.Sleep(time.Minute)
			return 0, errBoom
		})(t.Context(), 0)
		require.ErrorIs(t, err, errBoom)
		require.ErrorIs(t, err, turbopipes.ErrTimeout)
	})
	bubble(t, "the caller's ctx ends first", func(t *testing.T) {
		enough := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second/2, func() { cancel(enough) })
		_, err := task(ctx, time.Hour)
		require.Equal(t, enough, err)
	})
	bubble(t, "each attempt has its own", func(t *testing.T) {
		calls := 0
		r, err := operators.Retrying(operators.TimeLimit(time.Second, func(ctx context.Context, d time.Duration) (string, error) {
			calls++
			return wait(ctx, d/time.Duration(calls))
		}), 5)(t.Context(), 3*time.Second-1)
		require.NoError(t, err)
		require.Equal(t, "done", r)
		require.Equal(t, 3, calls)
	})
	bubble(t, "arguments", func(t *testing.T) {
		require.Nil(t, operators.TimeLimit[int, int](time.Second, nil))
		_, err := operators.TimeLimit(0, wait)(t.Context(), 0)
		require.EqualError(t, err, "turbopipes: invalid argument: TimeLimit: d is 0s, want more than 0")
	})
}

func ExampleTimeLimit() {
	slow := func(ctx context.Context, d time.Duration) (string, error) {
		select {
		case <-time.After(d):
			return "done", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	_, err := operators.TimeLimit(time.Millisecond, slow)(context.Background(), time.Hour)
	fmt.Println(errors.Is(err, turbopipes.ErrTimeout))
	// Output: true
}

func BenchmarkTimeLimit(b *testing.B) {
	task := operators.TimeLimit(time.Hour, func(_ context.Context, v int) (int, error) { return v, nil })
	b.ReportAllocs()
	for b.Loop() {
		_, _ = task(b.Context(), 1)
	}
}
