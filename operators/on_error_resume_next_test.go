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

func TestOnErrorResumeNext(t *testing.T) {
	doc := tptest.DocDiagram(t, "on_error_resume_next.go", "OnErrorResumeNext")
	for name, c := range map[string]struct {
		a    string
		next []string
		out  string
	}{
		"as documented":       {doc["a"], []string{doc["b"]}, doc["out"]},
		"behind a completion": {"-a|", []string{"-x|", "-y|"}, "-a-x-y|"},
		"none":                {"-a#", nil, "-a|"},
		"all empty":           {"-|", []string{"--|", "|"}, "---|"},
		"an error at first":   {"#", []string{"#", "-x|"}, "-x|"},
		"nothing but errors":  {"-#", []string{"-#", "#"}, "--|"},
		"one that never ends": {"-a#", []string{"-b-", "-x|"}, "-a-b--!"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				next := make([]turbopipes.Observable[string], len(c.next))
				for i, diagram := range c.next {
					next[i] = tptest.Cold[string](s, diagram, nil)
				}
				tptest.Expect(s, operators.OnErrorResumeNext(next...)(tptest.Cold[string](s, c.a, nil)), c.out, nil)
			})
		})
	}
	requireInvalid(t, operators.OnErrorResumeNext(turbopipes.Just(1), turbopipes.Observable[int]{}), "OnErrorResumeNext: others[1] is the zero Observable")
}

func TestOnErrorResumeNextPanics(t *testing.T) {
	panicking := operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(1))
	items, err := operators.OnErrorResumeNext(panicking, turbopipes.Just(7))(panicking).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{7}, items)
}

// These ends must not be resumed: next is a stream that must not be called.
func TestOnErrorResumeNextLeavesAlone(t *testing.T) {
	leavesAlone(t, func(t *testing.T, _ string) turbopipes.Operator[int, int] {
		return operators.OnErrorResumeNext(turbopipes.Create(func(context.Context, func(int) bool) error {
			t.Error("called")
			return nil
		}))
	})
}

// A stream begins when the one before it is reaped.
func TestOnErrorResumeNextNeverOverlaps(t *testing.T) {
	var a alive
	one := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		a.requireReaped(t)
		defer a.enter()()
		emit(1)
		return errBoom
	})
	require.NoError(t, operators.OnErrorResumeNext(one, one)(one).Drain(t.Context()))
	require.EqualValues(t, 3, a.total.Load())
}

// A graceful stop completes the sources, and lets their operators flush. The sources
// of later streams are not called.
func TestOnErrorResumeNextGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		uncalled := turbopipes.Create(func(context.Context, func(int) bool) error { t.Error("called"); return nil })
		count := operators.Reduce(100, func(n, _ int) int { return n + 1 })
		o := operators.OnErrorResumeNext(count(uncalled), uncalled)(count(turbopipes.Interval(time.Second)))
		s := endedBy(t, o, 0, 2500*time.Millisecond, stop)
		require.Equal(t, []int{102, 100}, s.items)
		require.True(t, s.completed)
	})
}

func ExampleOnErrorResumeNext() {
	morning := operators.Concat(turbopipes.Throw[string](errors.New("line lost")))(turbopipes.Just("08:00", "08:01"))
	noon := turbopipes.Throw[string](errors.New("no line"))
	evening := turbopipes.Just("20:00")
	all := operators.OnErrorResumeNext(noon, evening)(morning)
	fmt.Println(all.Collect(context.Background()))
	// Output: [08:00 08:01 20:00] <nil>
}

func BenchmarkOnErrorResumeNext(b *testing.B) {
	benchmark(b, operators.OnErrorResumeNext(turbopipes.Empty[int]()))
}

// leavesAloneUnlessStopping checks that the boundary of op does not handle ends that are
// not failures of upstream. op fails t if it handles such an end. how names the case.
func leavesAloneUnlessStopping(t *testing.T, op func(t *testing.T, how string) turbopipes.Operator[int, int]) {
	t.Helper()
	t.Run("a stop", func(t *testing.T) {
		in := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			emit(1)
			return errBoom // its clean-up fails
		})
		items, err := operators.Take[int](1)(op(t, "a stop")(in)).Collect(t.Context())
		require.Equal(t, errBoom, err)
		require.Equal(t, []int{1}, items)
	})
	t.Run("a panic of downstream", func(t *testing.T) {
		require.PanicsWithValue(t, "mine", func() {
			_ = op(t, "a panic of downstream")(turbopipes.Just(1)).Each(t.Context(), func(int) error { panic("mine") })
		})
	})
	t.Run("the end of ctx", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		in := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
			cancel(errLate)
			return ctx.Err()
		})
		// By Push: emit knows nothing of ctx, as that of an operator that has derived
		// one.
		err := op(t, "the end of ctx")(in).Push(ctx, func(v int) bool {
			t.Error("emits ", v)
			return true
		})
		require.Equal(t, errLate, err)
	})
}

// leavesAlone checks the same as leavesAloneUnlessStopping. A failure during a
// graceful stop must pass as well.
func leavesAlone(t *testing.T, op func(t *testing.T, how string) turbopipes.Operator[int, int]) {
	t.Helper()
	leavesAloneUnlessStopping(t, op)
	bubble(t, "a failure while it is being stopped", func(t *testing.T) {
		in := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
			<-ctx.Done()
			return errBoom
		})
		s := endedBy(t, op(t, "a failure while it is being stopped")(in), 0, time.Second, stop)
		require.Equal(t, errBoom, s.err)
		require.Empty(t, s.items)
	})
}

// handles checks that the boundary op replaces every kind of failure by an end of its
// own. items are the wanted output.
func handles(t *testing.T, op turbopipes.Operator[int, int], items ...int) {
	t.Helper()
	panicking := operators.Map(func(int) int { panic(errBoom) })(turbopipes.Just(1))
	for name, in := range map[string]turbopipes.Observable[int]{
		"an error":                      turbopipes.Throw[int](errBoom),
		"a panic":                       panicking,
		"a cancellation of another ctx": turbopipes.Throw[int](context.Canceled),
	} {
		got, err := op(in).Collect(t.Context())
		require.NoError(t, err, name)
		require.Equal(t, items, got, name)
	}
}
