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
	"github.com/turbopipes/turbopipes/tptest"
)

func TestMapError(t *testing.T) {
	says := operators.MapError[string](func(err error) error { return fmt.Errorf("here: %w", err) })
	keeps := operators.MapError[string](func(error) error { return nil })
	other := operators.MapError[string](func(error) error { return errBoom })
	tptest.Doc(t, "map_error.go", "MapError", says)
	for name, c := range map[string]struct {
		in  string
		op  turbopipes.Operator[string, string]
		out string
		is  error
	}{
		"empty":             {"--|", other, "--|", nil},
		"no error":          {"-a-b|", other, "-a-b|", nil},
		"an error at first": {"#", other, "#", errBoom},
		"an error later":    {"-a-b#", other, "-a-b#", errBoom},
		"nil keeps it":      {"-a-b#", keeps, "-a-b#", tptest.ErrMarble},
		"wrapped":           {"-a-b#", says, "-a-b#", tptest.ErrMarble},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out, tptest.Error(c.is)) })
	}
	requireInvalid(t, operators.MapError[int](nil), "MapError: fn is nil")
	bad := operators.MapError[int](func(error) error { panic(errLate) })
	require.ErrorIs(t, bad(turbopipes.Throw[int](errBoom)).Drain(t.Context()), errLate)
}

func TestMapErrorOf(t *testing.T) {
	says := operators.MapError[int](func(err error) error { return fmt.Errorf("here: %w", err) })
	err := says(turbopipes.Throw[int](errBoom)).Drain(t.Context())
	require.EqualError(t, err, "here: boom")
	require.ErrorIs(t, err, errBoom)

	err = says(operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(1))).Drain(t.Context())
	require.EqualError(t, err, "here: turbopipes: panic: boom")
	p := (*turbopipes.PanicError)(nil)
	require.ErrorAs(t, err, &p)

	require.EqualError(t, says(turbopipes.Throw[int](context.Canceled)).Drain(t.Context()), "here: context canceled")
}

// An error that comes from a stop or from the end of ctx is not mapped. A failure during
// a graceful stop is mapped.
func TestMapErrorLeavesAlone(t *testing.T) {
	leavesAlone(t, func(t *testing.T, how string) turbopipes.Operator[int, int] {
		return operators.MapError[int](func(err error) error {
			if how != "a failure while it is being stopped" {
				t.Error("called for ", how)
			}
			return nil
		})
	})
	bubble(t, "a graceful stop", func(t *testing.T) {
		in := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
			<-ctx.Done()
			return errBoom
		})
		says := operators.MapError[int](func(err error) error { return fmt.Errorf("here: %w", err) })
		s := endedBy(t, says(in), 0, time.Second, stop)
		require.EqualError(t, s.err, "here: boom")
	})
}

func ExampleMapError() {
	rows := turbopipes.Throw[string](errors.New("connection refused"))
	orders := operators.MapError[string](func(err error) error { return fmt.Errorf("orders of today: %w", err) })(rows)
	fmt.Println(orders.Drain(context.Background()))
	// Output: orders of today: connection refused
}

func BenchmarkMapError(b *testing.B) {
	benchmark(b, operators.MapError[int](func(err error) error { return err }))
}
