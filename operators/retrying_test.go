package operators_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// failingTask returns a task that fails n times, and counts its calls.
func failingTask(n int, err error) (fn func(context.Context, int) (int, error), calls *int) {
	calls = new(int)
	return func(_ context.Context, v int) (int, error) {
		if *calls++; *calls <= n {
			return 0, err
		}
		return 10 * v, nil
	}, calls
}

func TestRetrying(t *testing.T) {
	second := operators.WithBackoff(operators.Constant(time.Second))
	bubble(t, "succeeds at last", func(t *testing.T) {
		fn, calls := failingTask(2, errBoom)
		began := time.Now()
		r, err := operators.Retrying(fn, 3, second)(t.Context(), 4)
		require.NoError(t, err)
		require.Equal(t, 40, r)
		require.Equal(t, 3, *calls)
		require.Equal(t, 2*time.Second, time.Since(began))
	})
	bubble(t, "gives up", func(t *testing.T) {
		fn, calls := failingTask(9, errBoom)
		_, err := operators.Retrying(fn, 3)(t.Context(), 4)
		require.Equal(t, errBoom, err)
		require.Equal(t, 4, *calls)
	})
	bubble(t, "WithMaxElapsed counts from the first attempt", func(t *testing.T) {
		fn, calls := failingTask(9, errBoom)
		_, err := operators.Retrying(fn, turbopipes.Infinite, second, operators.WithMaxElapsed(3*time.Second))(t.Context(), 4)
		require.Equal(t, errBoom, err)
		require.Equal(t, 4, *calls)
	})
	bubble(t, "the end of ctx", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(1500*time.Millisecond, func() { cancel(errors.New("enough")) })
		fn, calls := failingTask(9, errBoom)
		_, err := operators.Retrying(fn, turbopipes.Infinite, second)(ctx, 4)
		require.ErrorContains(t, err, "enough")
		require.Equal(t, 2, *calls)
		_, err = operators.Retrying(fn, turbopipes.Infinite)(ctx, 4)
		require.Equal(t, errBoom, err, "no other attempt begins")
		require.Equal(t, 3, *calls)
	})
	bubble(t, "a graceful stop ends the wait", func(t *testing.T) {
		fn, calls := failingTask(9, errBoom)
		task := operators.Retrying(fn, turbopipes.Infinite, operators.WithBackoff(operators.Constant(time.Hour)))
		s := operators.Parallel(2, task)(turbopipes.Just(1)).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(time.Minute)
		require.ErrorIs(t, s.Stop(t.Context()), errBoom)
		require.Equal(t, 1, *calls)
	})
	bubble(t, "panics and Goexit", func(t *testing.T) {
		calls := 0
		boom := func(context.Context, int) (int, error) { calls++; panic(errBoom) }
		err := operators.TryMap(operators.Retrying(boom, 3))(turbopipes.Just(1)).Drain(t.Context())
		p := (*turbopipes.PanicError)(nil)
		require.ErrorAs(t, err, &p)
		require.Contains(t, string(p.Stack), "TestRetrying", "the stack of the panic")
		require.Equal(t, 1, calls)
		err = operators.TryMap(operators.Retrying(boom, 3, operators.RetryIf(func(error) bool { return true })))(turbopipes.Just(1)).Drain(t.Context())
		require.ErrorAs(t, err, &p)
		require.Equal(t, 5, calls)
		exit := func(context.Context, int) (int, error) { runtime.Goexit(); return 0, nil }
		err = operators.Parallel(1, operators.Retrying(exit, 3))(turbopipes.Just(1)).Drain(t.Context())
		require.ErrorIs(t, err, turbopipes.ErrGoexit)
	})
	bubble(t, "arguments", func(t *testing.T) {
		require.Nil(t, operators.Retrying[int, int](nil, 1))
		fn, calls := failingTask(0, nil)
		_, err := operators.Retrying(fn, -2)(t.Context(), 1)
		require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
		require.Zero(t, *calls)
	})
	t.Run("no allocation without a failure", func(t *testing.T) {
		fn, _ := failingTask(0, nil)
		task, ctx := operators.Retrying(fn, 3, second), t.Context()
		require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = task(ctx, 1) }))
	})
}

func ExampleRetrying() {
	calls := 0
	fetch := func(_ context.Context, page int) (string, error) {
		if calls++; calls < 3 {
			return "", errors.New("try later")
		}
		return fmt.Sprint("page ", page), nil
	}
	task := operators.Retrying(fetch, 5, operators.WithBackoff(operators.Exponential(time.Millisecond, time.Second, 2)))
	pages, err := operators.Parallel(8, task)(turbopipes.Just(7)).Collect(context.Background())
	fmt.Println(pages, err, calls)
	// Output: [page 7] <nil> 3
}

func BenchmarkRetrying(b *testing.B) {
	task := operators.Retrying(func(_ context.Context, v int) (int, error) { return v, nil }, 3)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = task(b.Context(), 1)
	}
}
