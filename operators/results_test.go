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

func TestResults(t *testing.T) {
	letter := func(r turbopipes.Result[string]) string {
		if r.Err != nil {
			return "x"
		}
		return r.Value
	}
	op := turbopipes.Compose2(operators.Results[string](), operators.Map(letter))
	tptest.Doc(t, "results.go", "Results", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"completion":        {"a-b|", "a-b|"},
		"an error at first": {"#", "(x|)"},
		"an error later":    {"-a-b#", "-a-b(x|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func TestResultsEnds(t *testing.T) {
	one := turbopipes.Just(1)
	last := func(o turbopipes.Observable[int]) turbopipes.Result[int] {
		t.Helper()
		all, err := operators.Results[int]()(o).Collect(t.Context())
		require.NoError(t, err)
		return all[len(all)-1]
	}
	require.Equal(t, turbopipes.Result[int]{Value: 1}, last(one))
	require.Equal(t, turbopipes.Result[int]{Err: errBoom}, last(operators.Concat(turbopipes.Throw[int](errBoom))(one)))
	p := (*turbopipes.PanicError)(nil)
	require.ErrorAs(t, last(operators.Map(func(int) int { panic(errBoom) })(one)).Err, &p)
	require.Equal(t, errBoom, p.Value)

	back := turbopipes.Compose2(operators.Results[int](), operators.Unwrap[int]())
	items, err := back(operators.Concat(turbopipes.Throw[int](errBoom))(one)).Collect(t.Context())
	require.Equal(t, errBoom, err, "and back")
	require.Equal(t, []int{1}, items)
}

func TestResultsLeavesAlone(t *testing.T) {
	value := operators.Map(func(r turbopipes.Result[int]) int { return r.Value })
	leavesAloneUnlessStopping(t, func(*testing.T, string) turbopipes.Operator[int, int] {
		return turbopipes.Compose2(operators.Results[int](), value)
	})
	bubble(t, "a graceful stop", func(t *testing.T) {
		in := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
			<-ctx.Done()
			return errBoom
		})
		s := endedBy(t, operators.Results[int]()(in), 0, time.Second, stop)
		require.NoError(t, s.err)
		require.Equal(t, []turbopipes.Result[int]{{Err: errBoom}}, s.items)
	})
}

func ExampleResults() {
	broken := operators.Concat(turbopipes.Throw[string](errors.New("disk full")))(turbopipes.Just("a.txt"))
	fmt.Println(operators.Results[string]()(broken).Collect(context.Background()))
	// Output: [{a.txt <nil>} { disk full}] <nil>
}

func BenchmarkResults(b *testing.B) { benchmark(b, operators.Results[int]()) }
