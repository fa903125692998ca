package operators_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestOnErrorReturn(t *testing.T) {
	x := operators.OnErrorReturn(func(err error) string {
		require.Equal(t, tptest.ErrMarble, err)
		return "x"
	})
	tptest.Doc(t, "on_error_return.go", "OnErrorReturn", x)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"no error":          {"-a-b|", "-a-b|"},
		"an error at first": {"#", "(x|)"},
		"an error later":    {"-ab--#", "-ab--(x|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, x, c.out) })
	}
	requireInvalid(t, operators.OnErrorReturn[int](nil), "OnErrorReturn: fn is nil")
	bad := operators.OnErrorReturn(func(error) int { panic(errLate) })
	require.ErrorIs(t, bad(turbopipes.Throw[int](errBoom)).Drain(t.Context()), errLate)
	handles(t, operators.OnErrorReturn(func(error) int { return 7 }), 7)
	leavesAlone(t, func(t *testing.T, how string) turbopipes.Operator[int, int] {
		return operators.OnErrorReturn(func(error) int { t.Error("called for ", how); return 0 })
	})
}

func TestOnErrorReturnSeesPanics(t *testing.T) {
	in := operators.Map(func(int) string { panic(errBoom) })(turbopipes.Just(1))
	text := operators.OnErrorReturn(func(err error) string {
		p := (*turbopipes.PanicError)(nil)
		require.ErrorAs(t, err, &p)
		return err.Error()
	})
	items, err := text(in).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"turbopipes: panic: boom"}, items)
}

func TestOnErrorReturnItem(t *testing.T) {
	x := operators.OnErrorReturnItem("x")
	tptest.Doc(t, "on_error_return.go", "OnErrorReturnItem", x)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"an error at first": {"#", "(x|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, x, c.out) })
	}
	handles(t, operators.OnErrorReturnItem(7), 7)
	leavesAlone(t, func(*testing.T, string) turbopipes.Operator[int, int] { return operators.OnErrorReturnItem(7) })
}

func ExampleOnErrorReturn() {
	type answer struct {
		Text string
		Err  error
	}
	answers := operators.Concat(turbopipes.Throw[answer](errors.New("hung up")))(turbopipes.Just(answer{Text: "yes"}))
	fmt.Println(operators.OnErrorReturn(func(err error) answer { return answer{"none", err} })(answers).Collect(context.Background()))
	// Output: [{yes <nil>} {none hung up}] <nil>
}

func ExampleOnErrorReturnItem() {
	temperature := operators.Concat(turbopipes.Throw[float64](errors.New("sensor lost")))(turbopipes.Just(19.5, 20.5))
	known := operators.OnErrorReturnItem(-1.0)(temperature)
	fmt.Println(known.Collect(context.Background()))
	// Output: [19.5 20.5 -1] <nil>
}

func BenchmarkOnErrorReturn(b *testing.B) {
	benchmark(b, operators.OnErrorReturn(func(error) int { return 0 }))
}
