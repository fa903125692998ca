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

func TestDo(t *testing.T) {
	looks := operators.Do(operators.Hooks[string]{Next: func(string) {}})
	tptest.Doc(t, "do.go", "Do", looks)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b#", "-a-b#"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Marbles(t, c.in, looks, c.out)
			tptest.Marbles(t, c.in, operators.Do(operators.Hooks[string]{}), c.out)
		})
	}
	requirePanics(t, operators.Do(operators.Hooks[string]{Next: func(string) { panic(errBoom) }}))
}

// told returns hooks that record their calls in calls.
func told(calls *[]string) operators.Hooks[int] {
	note := func(format string, args ...any) { *calls = append(*calls, fmt.Sprintf(format, args...)) }
	return operators.Hooks[int]{
		Subscribe: func() { note("subscribe") },
		Next:      func(v int) { note("next %d", v) },
		Error:     func(err error) { note("error %v", err) },
		Complete:  func() { note("complete") },
		Stop:      func(err error) { note("stop %v", err) },
	}
}

// Exactly one of Error, Complete and Stop is called, after upstream has ended and before
// downstream gets the end.
func TestDoTellsTheEnd(t *testing.T) {
	failing := operators.Concat(turbopipes.Throw[int](errBoom))(turbopipes.Just(1))
	panicking := operators.Map(func(v int) int { panic(errBoom) })(turbopipes.Just(1))
	endless := operators.Concat(turbopipes.Never[int]())(turbopipes.Just(1))
	for name, c := range map[string]struct {
		in    turbopipes.Observable[int]
		calls []string // between "subscribe" and the consumer's end
		fn    func(int) error
		want  error
	}{
		"completion": {turbopipes.Just(1), []string{"next 1", "item 1", "unwound", "complete"}, nil, nil},
		"empty":      {turbopipes.Empty[int](), []string{"unwound", "complete"}, nil, nil},
		"failure":    {failing, []string{"next 1", "item 1", "unwound", "error boom"}, nil, errBoom},
		"a stop":     {endless, []string{"next 1", "item 1", "unwound", "stop <nil>"}, func(int) error { return errLate }, errLate},
		"the end of ctx": {
			endless,
			[]string{"next 1", "item 1", "unwound", "stop boom"},
			nil, errBoom,
		},
		"a panic of upstream": {panicking, []string{"unwound", "error turbopipes: panic: boom"}, nil, errBoom},
	} {
		bubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(errBoom) })
			var calls []string
			unwound := operators.Finally[int](func() { calls = append(calls, "unwound") })
			err := operators.Do(told(&calls))(unwound(c.in)).Each(ctx, func(v int) error {
				calls = append(calls, fmt.Sprint("item ", v))
				if c.fn != nil {
					return c.fn(v)
				}
				return nil
			})
			require.ErrorIs(t, err, c.want)
			require.Equal(t, append([]string{"subscribe"}, c.calls...), calls)
		})
	}
}

func TestDoPanicFromBelow(t *testing.T) {
	var calls []string
	require.PanicsWithValue(t, "mine", func() {
		_ = operators.Do(told(&calls))(turbopipes.Just(1)).Each(t.Context(), func(int) error { panic("mine") })
	})
	require.Equal(t, []string{"subscribe", "next 1", "stop <nil>"}, calls)

	calls = nil
	hooks := told(&calls)
	hooks.Next = func(int) { panic(errBoom) }
	err := operators.Do(hooks)(turbopipes.Just(1)).Drain(t.Context())
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, []string{"subscribe", "stop <nil>"}, calls, "its own panic is no failure of upstream's")

	calls = nil
	hooks = told(&calls)
	hooks.Subscribe = func() { panic(errBoom) }
	require.ErrorIs(t, operators.Do(hooks)(turbopipes.Just(1)).Drain(t.Context()), errBoom)
	require.Empty(t, calls)
}

// An error of the clean-up after ctx has ended is a failure, not a stop.
func TestDoFailedCleanUp(t *testing.T) {
	var calls []string
	ctx, cancel := context.WithCancel(t.Context())
	in := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
		cancel()
		return errors.Join(ctx.Err(), errLate)
	})
	require.ErrorIs(t, operators.Do(told(&calls))(in).Drain(ctx), errLate)
	require.Equal(t, []string{"subscribe", "error context canceled\nlate"}, calls)
}

func TestDoGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var calls []string
		s := operators.Do(told(&calls))(turbopipes.Never[int]()).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(time.Second)
		require.NoError(t, s.Stop(t.Context()))
		require.Equal(t, []string{"subscribe", "complete"}, calls)
	})
}

func ExampleDo() {
	watched := operators.Do(operators.Hooks[string]{
		Next:     func(file string) { fmt.Println("reading", file) },
		Complete: func() { fmt.Println("all read") },
	})(turbopipes.Just("a.txt", "b.txt"))
	n := 0
	_ = watched.Each(context.Background(), func(string) error { n++; return nil })
	fmt.Println(n)
	// Output:
	// reading a.txt
	// reading b.txt
	// all read
	// 2
}

func BenchmarkDo(b *testing.B) {
	n := 0
	benchmark(b, operators.Do(operators.Hooks[int]{Next: func(int) { n++ }}))
}
