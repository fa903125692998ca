package operators_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// opened returns an open function that returns s.
func opened[S any](s S) func(context.Context) (S, error) {
	return func(context.Context) (S, error) { return s, nil }
}

func TestStatefulMap(t *testing.T) {
	later := func(_ context.Context, s, v string) (string, string, error) {
		if v == "x" {
			return "", "", tptest.ErrMarble
		}
		s = max(s, v)
		return s, strings.ToUpper(s), nil
	}
	op := operators.StatefulMap(opened("a"), later, func(s string) (string, bool) { return s, true })
	silent := operators.StatefulMap(opened("a"), later, func(s string) (string, bool) { return s, false })
	open := operators.StatefulMap(opened("a"), later, nil)
	tptest.Doc(t, "stateful_map.go", "StatefulMap", op)
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"empty":                  {op, "--|", "--(a|)"},
		"close gives nothing":    {silent, "-b-a-|", "-B-B-|"},
		"no close":               {open, "-b-a-|", "-B-B-|"},
		"an error at first":      {op, "#", "#"},
		"an error later":         {op, "-a-b#", "-A-B#"},
		"fn fails at the first":  {op, "-x-a|", "-#"},
		"fn fails later":         {op, "-b-x-a|", "-B-#"},
		"fn fails in an instant": {op, "-(bx)|", "-(B#)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out) })
	}
	requireInvalid(t, operators.StatefulMap(nil, later, nil), "StatefulMap: open is nil")
	requireInvalid(t, operators.StatefulMap[string, string, string](opened("a"), nil, nil), "StatefulMap: fn is nil")
	requirePanics(t, operators.StatefulMap(opened("a"), func(context.Context, string, string) (string, string, error) { panic(errBoom) }, nil))
}

// ledger counts how often it is opened and closed, and the writes up to the close.
type ledger struct {
	opened, closed int
	last           int // the state at the end
}

func (f *ledger) sums(failAt int) turbopipes.Operator[int, int] {
	return operators.StatefulMap(
		func(context.Context) (int, error) { f.opened++; return 100, nil },
		func(_ context.Context, s, v int) (int, int, error) {
			if v == failAt {
				return -1, -1, errBoom
			}
			return s + v, s + v, nil
		},
		func(s int) (int, bool) { f.closed++; f.last = s; return -s, true },
	)
}

// close is called exactly once, after upstream has ended, at every kind of end.
func TestStatefulMapCloses(t *testing.T) {
	of := turbopipes.Range(1, 3)
	panics := operators.Concat(operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(0)))(of)
	for name, c := range map[string]struct {
		in     turbopipes.Observable[int]
		failAt int
		take   int
		items  []int
		last   int
		err    error
	}{
		"completion":         {of, 0, 9, []int{101, 103, 106, -106}, 106, nil},
		"an error":           {operators.Concat(turbopipes.Throw[int](errBoom))(of), 0, 9, []int{101, 103, 106}, 106, errBoom},
		"a panic":            {panics, 0, 9, []int{101, 103, 106}, 106, errBoom},
		"fn fails":           {of, 2, 9, []int{101}, 101, errBoom},
		"a stop":             {of, 0, 2, []int{101, 103}, 103, nil},
		"a stop at the last": {of, 0, 4, []int{101, 103, 106, -106}, 106, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var f ledger
			var a alive
			in := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
				require.Equal(t, 1, f.opened)
				defer a.enter()()
				defer func() { require.Zero(t, f.closed) }()
				return c.in.Push(ctx, emit)
			})
			o := operators.Take[int](c.take)(f.sums(c.failAt)(in))
			for range 2 {
				f = ledger{}
				items, err := o.Collect(t.Context())
				require.ErrorIs(t, err, c.err)
				require.Equal(t, c.items, items)
				require.Equal(t, ledger{1, 1, c.last}, f)
				a.requireReaped(t)
			}
		})
	}
	bubble(t, "the end of ctx", func(t *testing.T) {
		var f ledger
		s := endedBy(t, f.sums(0)(silent(of)), 0, time.Second, dispose)
		require.Equal(t, []int{101, 103, 106}, s.items)
		require.Equal(t, ledger{1, 1, 106}, f)
	})
	bubble(t, "a graceful stop", func(t *testing.T) {
		var f ledger
		s := endedBy(t, f.sums(-1)(turbopipes.Interval(time.Second)), 0, 2500*time.Millisecond, stop)
		require.Equal(t, []int{100, 101, -101}, s.items)
		require.Equal(t, ledger{1, 1, 101}, f)
	})
}

func TestStatefulMapOpenFails(t *testing.T) {
	never := turbopipes.Create(func(context.Context, func(int) bool) error { t.Error("subscribed"); return nil })
	fn := func(_ context.Context, s, v int) (int, int, error) { return s, v, nil }
	closing := func(int) (int, bool) { t.Error("closed"); return 0, true }
	failing := operators.StatefulMap(func(context.Context) (int, error) { return 1, errBoom }, fn, closing)
	require.Equal(t, errBoom, failing(never).Drain(t.Context()))
	panicking := operators.StatefulMap(func(context.Context) (int, error) { panic(errBoom) }, fn, closing)
	require.ErrorIs(t, panicking(never).Drain(t.Context()), errBoom)
}

func TestStatefulMapClosePanics(t *testing.T) {
	calls := 0
	op := operators.StatefulMap(opened(0), func(_ context.Context, s, v int) (int, int, error) { return s, v, nil },
		func(int) (int, bool) { calls++; panic(errBoom) })
	items, err := op(turbopipes.Just(1)).Collect(t.Context())
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, []int{1}, items)
	require.Equal(t, 1, calls)
	require.ErrorIs(t, op(turbopipes.Throw[int](errLate)).Drain(t.Context()), errBoom, "a panic is the end")
	require.Equal(t, 2, calls)
}

func TestStatefulMapJoinsErrors(t *testing.T) {
	in := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		emit(1)
		return errLate
	})
	var f ledger
	require.EqualError(t, f.sums(1)(in).Drain(t.Context()), "boom\nlate")
}

// A pipeline that open or fn runs is not cut short by a graceful stop.
func TestStatefulMapShields(t *testing.T) {
	op := operators.StatefulMap(
		func(ctx context.Context) (int, error) { return 0, shielded(ctx) },
		func(ctx context.Context, s, v int) (int, int, error) { return s, v, shielded(ctx) }, nil)
	s := op(turbopipes.Just(1)).Subscribe(t.Context(), turbopipes.Observer[int]{})
	require.NoError(t, s.Wait())
}

func shielded(ctx context.Context) error {
	if turbopipes.Stopping(ctx) != nil {
		return errors.New("the ctx is that of the subscription")
	}
	return nil
}

func ExampleStatefulMap() {
	lines := turbopipes.Just("one", "two", "three")
	open := func(context.Context) (*strings.Builder, error) { return new(strings.Builder), nil }
	write := func(_ context.Context, b *strings.Builder, line string) (*strings.Builder, string, error) {
		n, err := b.WriteString(line)
		return b, fmt.Sprint("wrote ", n), err
	}
	finish := func(b *strings.Builder) (string, bool) { return fmt.Sprint(b.Len(), " in all"), true }
	fmt.Println(operators.StatefulMap(open, write, finish)(lines).Collect(context.Background()))
	// Output: [wrote 3 wrote 3 wrote 5 11 in all] <nil>
}

func BenchmarkStatefulMap(b *testing.B) {
	benchmark(b, operators.StatefulMap(opened(0), func(_ context.Context, s, v int) (int, int, error) { return s + v, s, nil }, nil))
}
