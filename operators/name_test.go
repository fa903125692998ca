package operators_test

import (
	"context"
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
	requireInvalid(t, operators.Name[int](""), "Name: name is empty")
}

// stageOf gives the stage of the panic that o ends with.
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

// A panic that is raised again, by whoever has kept it, is not changed for the
// others who have it.
func TestNameLeavesSharedPanicsAlone(t *testing.T) {
	kept := &turbopipes.PanicError{Value: errBoom, Stack: []byte("TestNamePanics")}
	raises := operators.Map(func(int) int { panic(kept) })(turbopipes.Just(1))
	require.Equal(t, "first", stageOf(t, operators.Name[int]("first")(raises)))
	require.Equal(t, "second", stageOf(t, operators.Name[int]("second")(turbopipes.Throw[int](kept))))
	require.Empty(t, kept.Stage)
}

func TestNameInvalid(t *testing.T) {
	first, second := operators.Name[int]("first"), operators.Name[int]("second")
	bad := operators.Take[int](-1)(turbopipes.Just(1))
	err := first(bad).Drain(t.Context())
	require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
	require.EqualError(t, err, "first: turbopipes: invalid argument: Take: n is negative")
	require.EqualError(t, second(first(bad)).Drain(t.Context()), err.Error(), "up to the Name before")
	require.Equal(t, errBoom, first(turbopipes.Throw[int](errBoom)).Drain(t.Context()), "other errors are as they were")
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
	ids := turbopipes.Just(4, 2, 0)
	shares := operators.Map(func(id int) int { return 100 / id })(ids)
	err := operators.Name[int]("shares")(shares).Drain(context.Background())
	fmt.Println(err)
	// Output: turbopipes: panic in shares: runtime error: integer divide by zero
}

func BenchmarkName(b *testing.B) { benchmark(b, operators.Name[int]("stage")) }
