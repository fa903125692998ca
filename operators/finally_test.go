package operators_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestFinally(t *testing.T) {
	op := operators.Finally[string](func() {})
	tptest.Doc(t, "finally.go", "Finally", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b#", "-a-b#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Finally[int](nil), "Finally: fn is nil")
}

// fn runs once at every kind of end, after upstream has ended.
func TestFinallyWhateverTheEnd(t *testing.T) {
	for name, consume := range map[string]func(context.Context, turbopipes.Observable[int]){
		"completion": func(ctx context.Context, o turbopipes.Observable[int]) { _ = operators.Take[int](1)(o).Drain(ctx) },
		"failure": func(ctx context.Context, o turbopipes.Observable[int]) {
			_ = operators.TryMap(func(context.Context, int) (int, error) { return 0, errBoom })(o).Drain(ctx)
		},
		"a stop": func(ctx context.Context, o turbopipes.Observable[int]) {
			for range o.Seq(ctx) {
				break
			}
		},
		"the end of ctx": func(ctx context.Context, o turbopipes.Observable[int]) {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			_ = o.Drain(ctx)
		},
		"a panic of downstream": func(ctx context.Context, o turbopipes.Observable[int]) {
			defer func() { _ = recover() }()
			_ = o.Each(ctx, func(int) error { panic(errBoom) })
		},
		"a Goexit of downstream": func(ctx context.Context, o turbopipes.Observable[int]) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = o.Each(ctx, func(int) error { runtime.Goexit(); return nil })
			}()
			<-done
		},
	} {
		bubble(t, name, func(t *testing.T) {
			var a alive
			in := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
				defer a.enter()()
				if emit(1) {
					<-ctx.Done()
				}
				return context.Cause(ctx)
			})
			calls := 0
			consume(t.Context(), operators.Finally[int](func() { calls++; a.requireReaped(t) })(in))
			require.Equal(t, 1, calls)
		})
	}
	t.Run("a panic of upstream", func(t *testing.T) {
		calls := 0
		bad := operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(1))
		require.ErrorIs(t, operators.Finally[int](func() { calls++ })(bad).Drain(t.Context()), errBoom)
		require.Equal(t, 1, calls)
	})
	t.Run("a panic of its own", func(t *testing.T) {
		bad := operators.Finally[int](func() { panic(errBoom) })
		require.ErrorIs(t, bad(turbopipes.Just(1)).Drain(t.Context()), errBoom)
	})
}

func TestFinallyInsideOut(t *testing.T) {
	var calls []string
	note := func(name string) turbopipes.Operator[int, int] {
		return operators.Finally[int](func() { calls = append(calls, name) })
	}
	require.NoError(t, note("outer")(note("inner")(turbopipes.Just(1))).Drain(t.Context()))
	require.Equal(t, []string{"inner", "outer"}, calls)
}

func ExampleFinally() {
	lines := operators.Finally[string](func() { fmt.Println("file closed") })(turbopipes.Just("one", "two", "three"))
	for line, err := range lines.Seq(context.Background()) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(line)
		break
	}
	// Output:
	// one
	// file closed
}

func BenchmarkFinally(b *testing.B) { benchmark(b, operators.Finally[int](func() {})) }
