package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestMaterialize(t *testing.T) {
	letter := func(n turbopipes.Notification[string]) string {
		switch n.Kind {
		case turbopipes.KindNext:
			return n.Value
		case turbopipes.KindError:
			return "x"
		}
		return "y"
	}
	op := turbopipes.Compose2(operators.Materialize[string](), operators.Map(letter))
	tptest.Doc(t, "materialize.go", "Materialize", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--(y|)"},
		"completion":        {"a-b|", "a-b(y|)"},
		"an error at first": {"#", "(x|)"},
		"an error later":    {"-a-b#", "-a-b(x|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func TestMaterializeEnds(t *testing.T) {
	next := turbopipes.Notification[int]{Kind: turbopipes.KindNext, Value: 1}
	ended := func(o turbopipes.Observable[int]) turbopipes.Notification[int] {
		t.Helper()
		all, err := operators.Materialize[int]()(o).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, next, all[0])
		require.Len(t, all, 2)
		return all[1]
	}
	one := turbopipes.Just(1)
	require.Equal(t, turbopipes.Notification[int]{Kind: turbopipes.KindComplete}, ended(one))
	require.Equal(t, turbopipes.Notification[int]{Kind: turbopipes.KindError, Err: errBoom}, ended(operators.Concat(turbopipes.Throw[int](errBoom))(one)))

	end := ended(operators.Concat(operators.Map(func(int) int { panic(errBoom) })(one))(one))
	require.Equal(t, turbopipes.KindError, end.Kind)
	p := (*turbopipes.PanicError)(nil)
	require.ErrorAs(t, end.Err, &p)
	require.Equal(t, errBoom, p.Value)

	require.PanicsWithValue(t, "mine", func() {
		_ = operators.Materialize[int]()(one).Each(t.Context(), func(turbopipes.Notification[int]) error { panic("mine") })
	}, "a panic of downstream is no notification")
}

func TestMaterializeIsNotTheEndOfContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	in := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
		cancel(errLate)
		return ctx.Err()
	})
	items, err := operators.Materialize[int]()(in).Collect(ctx)
	require.Equal(t, errLate, err)
	require.Empty(t, items)
}

func ExampleMaterialize() {
	broken := operators.Concat(turbopipes.Throw[int](fmt.Errorf("no more")))(turbopipes.Just(1, 2))
	fmt.Println(operators.Materialize[int]()(broken).Collect(context.Background()))
	// Output: [{next 1 <nil>} {next 2 <nil>} {error 0 no more}] <nil>
}

func BenchmarkMaterialize(b *testing.B) { benchmark(b, operators.Materialize[int]()) }
