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

func TestCatch(t *testing.T) {
	doc := tptest.DocDiagram(t, "catch.go", "Catch")
	for name, c := range map[string]struct{ in, other, out string }{
		"as documented":     {doc["in"], doc["handler"], doc["out"]},
		"no error":          {"-a-b|", "-x-y|", "-a-b|"},
		"empty":             {"--|", "-x|", "--|"},
		"an error at first": {"#", "-x|", "-x|"},
		"another error":     {"-a#", "-x#", "-a-x#"},
		"empty other":       {"-a#", "|", "-a|"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				other := tptest.Cold[string](s, c.other, nil)
				op := operators.Catch(func(err error) turbopipes.Observable[string] {
					require.Equal(t, tptest.ErrMarble, err)
					return other
				})
				tptest.Expect(s, op(tptest.Cold[string](s, c.in, nil)), c.out, nil)
			})
		})
	}
	requireInvalid(t, operators.Catch[int](nil), "Catch: handler is nil")
}

// catching fails t when its handler is called.
func catching(t *testing.T) turbopipes.Operator[int, int] {
	return operators.Catch(func(err error) turbopipes.Observable[int] {
		t.Errorf("called for %v", err)
		return turbopipes.Empty[int]()
	})
}

func TestCatchPanics(t *testing.T) {
	panicking := operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(1))
	var seen error
	other := operators.Catch(func(err error) turbopipes.Observable[int] { seen = err; return turbopipes.Just(7) })
	items, err := other(panicking).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{7}, items)
	p := (*turbopipes.PanicError)(nil)
	require.ErrorAs(t, seen, &p)
	require.Equal(t, errBoom, p.Value)

	require.PanicsWithValue(t, "mine", func() {
		_ = catching(t)(turbopipes.Just(1)).Each(t.Context(), func(int) error { panic("mine") })
	}, "a panic of downstream passes")

	bad := operators.Catch(func(error) turbopipes.Observable[int] { panic(errLate) })
	require.ErrorIs(t, bad(turbopipes.Throw[int](errBoom)).Drain(t.Context()), errLate)
	zero := operators.Catch(func(error) turbopipes.Observable[int] { return turbopipes.Observable[int]{} })
	require.ErrorIs(t, zero(turbopipes.Throw[int](errBoom)).Drain(t.Context()), turbopipes.ErrInvalidArgument)
}

// An end that is not a failure of upstream is not handled.
func TestCatchLeavesAlone(t *testing.T) {
	t.Run("a stop", func(t *testing.T) {
		in := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			emit(1)
			return errBoom // its clean-up fails
		})
		_, err := operators.Take[int](1)(catching(t)(in)).Collect(t.Context())
		require.Equal(t, errBoom, err)
	})
	t.Run("the end of ctx", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		in := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
			cancel(errLate)
			return ctx.Err()
		})
		require.Equal(t, errLate, catching(t)(in).Drain(ctx))
	})
	bubble(t, "a failure while it is being stopped", func(t *testing.T) {
		in := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
			<-ctx.Done()
			return errBoom
		})
		s := catching(t)(in).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(time.Second)
		require.Equal(t, errBoom, s.Stop(t.Context()))
	})
	t.Run("but a cancellation of another ctx", func(t *testing.T) {
		other := operators.Catch(func(error) turbopipes.Observable[int] { return turbopipes.Just(7) })
		items, err := other(turbopipes.Throw[int](context.Canceled)).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{7}, items)
	})
}

// Upstream is reaped before the handler is called.
func TestCatchReapsFirst(t *testing.T) {
	var a alive
	in := turbopipes.Create(func(context.Context, func(int) bool) error {
		defer a.enter()()
		return errBoom
	})
	op := operators.Catch(func(error) turbopipes.Observable[int] { a.requireReaped(t); return turbopipes.Just(1) })
	require.NoError(t, op(in).Drain(t.Context()))
}

func ExampleCatch() {
	errOffline := errors.New("offline")
	cached := turbopipes.Just("yesterday's news")
	news := operators.Catch(func(err error) turbopipes.Observable[string] {
		if errors.Is(err, errOffline) {
			return cached
		}
		return turbopipes.Throw[string](err)
	})(turbopipes.Throw[string](errOffline))
	fmt.Println(news.Collect(context.Background()))
	// Output: [yesterday's news] <nil>
}

func BenchmarkCatch(b *testing.B) {
	benchmark(b, operators.Catch(func(error) turbopipes.Observable[int] { return turbopipes.Empty[int]() }))
}
