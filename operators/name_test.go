package operators_test

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestName(t *testing.T) {
	op := operators.Name[string]("stage")
	tptest.Doc(t, "name.go", "Name", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b#", "-a-b#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Name[int](""), "Name: name is empty, want a name")
}

// stageOf returns the stage of the panic that ends o.
func stageOf(t *testing.T, o turbopipes.Observable[int]) string {
	t.Helper()
	err := o.Drain(t.Context())
	p := (*turbopipes.PanicError)(nil)
	require.ErrorAs(t, err, &p)
	require.Equal(t, errBoom, p.Value)
	require.Contains(t, string(p.Stack), "TestNamePanics", "the stack of the panic, not of the Name")
	return p.Stage
}

func TestNamePanics(t *testing.T) {
	bad := operators.Map(func(int) int { panic(errBoom) })
	one := turbopipes.Just(1)
	first, second := operators.Name[int]("first"), operators.Name[int]("second")
	always := operators.Retry[int](1, operators.RetryIf(func(error) bool { return true }))
	require.Equal(t, "", stageOf(t, bad(one)))
	require.Equal(t, "first", stageOf(t, first(bad(one))))
	require.Equal(t, "first", stageOf(t, second(first(bad(one)))), "up to the Name before")
	require.Equal(t, "second", stageOf(t, second(bad(first(one)))))
	require.Equal(t, "", stageOf(t, bad(second(first(one)))), "a panic of downstream is not upstream's")
	require.Equal(t, "first", stageOf(t, second(operators.Merge(one)(first(bad(one))))), "on a goroutine of upstream's")
	require.Equal(t, "first", stageOf(t, first(operators.Merge(one)(bad(one)))))
	require.Equal(t, "first", stageOf(t, first(always(bad(one)))), "made an error upstream")
	require.EqualError(t, first(bad(one)).Drain(t.Context()), "turbopipes: panic in first: boom")
	require.PanicsWithValue(t, "mine", func() {
		_ = first(one).Each(t.Context(), func(int) error { panic("mine") })
	})
}

// A panic value may be kept and raised again. Name does not change it for others who
// hold it.
func TestNameLeavesSharedPanicsAlone(t *testing.T) {
	kept := &turbopipes.PanicError{Value: errBoom, Stack: []byte("TestNamePanics")}
	raises := operators.Map(func(int) int { panic(kept) })(turbopipes.Just(1))
	require.Equal(t, "first", stageOf(t, operators.Name[int]("first")(raises)))
	require.Equal(t, "second", stageOf(t, operators.Name[int]("second")(turbopipes.Throw[int](kept))))
	require.Empty(t, kept.Stage)
}

// An error gets the label of the first Name that it passes.
func TestNameErrors(t *testing.T) {
	first, second := operators.Name[int]("first"), operators.Name[int]("second")
	fails := turbopipes.Throw[int](errBoom)
	err := first(fails).Drain(t.Context())
	require.Equal(t, &turbopipes.StageError{Stage: "first", Err: errBoom}, err)
	require.EqualError(t, err, "first: boom")
	require.Equal(t, err, second(first(fails)).Drain(t.Context()), "once, by the first")
	require.EqualError(t, second(operators.Merge(turbopipes.Just(1))(first(fails))).Drain(t.Context()), "first: boom", "across goroutines")
	wrapped := operators.MapError[int](func(err error) error { return fmt.Errorf("wrapped: %w", err) })
	require.EqualError(t, second(wrapped(first(fails))).Drain(t.Context()), "wrapped: first: boom", "wherever it is in the chain")
	require.EqualError(t, second(first(operators.Concat(fails)(turbopipes.Just(1)))).Drain(t.Context()), "first: boom")

	// Downstream's own failure is not upstream's.
	try := operators.TryMap(func(context.Context, int) (int, error) { return 0, errBoom })
	require.Equal(t, errBoom, try(first(turbopipes.Just(1))).Drain(t.Context()))
	require.Equal(t, errBoom, first(turbopipes.Just(1)).Each(t.Context(), func(int) error { return errBoom }))
	cleanUp := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		emit(1)
		return errLate
	})
	require.EqualError(t, operators.Take[int](1)(first(cleanUp)).Drain(t.Context()), "first: late", "a clean-up is upstream's")
	require.EqualError(t, try(first(cleanUp)).Drain(t.Context()), "boom\nfirst: late")

	// A panic that has its stage says so, wherever it is.
	asResults := turbopipes.Compose2(operators.ParallelResults(1, func(context.Context, int) (int, error) { panic(errBoom) }), operators.Unwrap[int]())
	require.EqualError(t, first(asResults(turbopipes.Just(1))).Drain(t.Context()), "first: item: turbopipes: panic: boom")
	kept := fmt.Errorf("kept: %w", &turbopipes.PanicError{Value: errBoom, Stage: "elsewhere"})
	require.Equal(t, kept, first(turbopipes.Throw[int](kept)).Drain(t.Context()))
}

// The end of ctx is not the failure of a stage. A failure beside it is found.
func TestNameAtTheEndOfContext(t *testing.T) {
	name := operators.Name[int]("stage")
	bubble(t, "an echo", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errLate) })
		require.Equal(t, errLate, name(turbopipes.Never[int]()).Drain(ctx))
	})
	bubble(t, "a failed clean-up", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errLate) })
		require.EqualError(t, name(failingCleanUp[int](errBoom)).Drain(ctx), "late\nstage: boom")
	})
	bubble(t, "a Timeout", func(t *testing.T) {
		err := operators.Timeout[int](time.Second)(name(turbopipes.Never[int]())).Drain(t.Context())
		require.EqualError(t, err, "turbopipes: timeout: no item within 1s")
		err = operators.Timeout[int](time.Second)(name(failingCleanUp[int](errBoom))).Drain(t.Context())
		require.EqualError(t, err, "turbopipes: timeout: no item within 1s\nstage: boom")
		err = name(operators.Timeout[int](time.Second)(turbopipes.Never[int]())).Drain(t.Context())
		require.EqualError(t, err, "stage: turbopipes: timeout: no item within 1s")
		require.ErrorIs(t, err, turbopipes.ErrTimeout)
	})
	bubble(t, "downstream leaves", func(t *testing.T) {
		merged := operators.Merge(name(turbopipes.Never[int]()))(turbopipes.Just(1))
		require.NoError(t, operators.Take[int](1)(merged).Drain(t.Context()))
	})
	bubble(t, "a sibling fails", func(t *testing.T) {
		other := operators.Name[int]("other")(boom[int](time.Second))
		err := operators.Merge(name(turbopipes.Never[int]()))(other).Drain(t.Context())
		require.EqualError(t, err, "other: boom")
	})
	bubble(t, "a stop", func(t *testing.T) {
		s := endedBy(t, name(turbopipes.Never[int]()), 0, time.Second, stop)
		require.NoError(t, s.err)
		require.True(t, s.completed)
	})
}

func TestNameInvalid(t *testing.T) {
	first, second := operators.Name[int]("first"), operators.Name[int]("second")
	bad := operators.Take[int](-1)(turbopipes.Just(1))
	err := first(bad).Drain(t.Context())
	require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
	require.EqualError(t, err, "first: turbopipes: invalid argument: Take: n is -1, want at least 0")
	require.EqualError(t, second(first(bad)).Drain(t.Context()), err.Error(), "up to the Name before")
}

func TestNameLabelsGoroutines(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		profile := func() string {
			var b strings.Builder
			require.NoError(t, pprof.Lookup("goroutine").WriteTo(&b, 1))
			return b.String()
		}
		named := operators.Merge(turbopipes.Never[int]())(turbopipes.Never[int]())
		s := operators.Merge(turbopipes.Never[int]())(operators.Name[int]("stage of "+t.Name())(named)).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(time.Second)
		require.Contains(t, profile(), `"turbopipes":"stage of `+t.Name()+`/Merge"`)
		require.Contains(t, profile(), `"turbopipes":"Merge"`)
		s.Dispose()
	})
}

func ExampleName() {
	pages := operators.TryMap(func(_ context.Context, url string) (string, error) {
		return "", errors.New("no route to host")
	})(turbopipes.Just("https://example.org"))
	err := operators.Name[string]("fetch")(pages).Drain(context.Background())
	fmt.Println(err)
	stage := (*turbopipes.StageError)(nil)
	fmt.Println(errors.As(err, &stage), stage.Stage)
	// Output:
	// fetch: no route to host
	// true fetch
}

func BenchmarkName(b *testing.B) { benchmark(b, operators.Name[int]("stage")) }
