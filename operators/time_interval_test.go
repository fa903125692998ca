package operators_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestTimeInterval(t *testing.T) {
	op := turbopipes.Compose2(operators.TimeInterval[string](), operators.Map(func(e turbopipes.Elapsed[string]) string {
		return fmt.Sprint(e.Value, int(e.Since/tptest.Step))
	}))
	named := renamed(op, map[string]string{"a1": "x", "b3": "y", "c2": "z"})
	tptest.Doc(t, "time_interval.go", "TimeInterval", named)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"at once":           {"a-|", "{a0}-|"},
		"in an instant":     {"-(ab)|", "-({a1}{b0})|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b#", "-{a1}-{b2}#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	tptest.Marbles(t, "ab---c|", op, "{a0}--{b3}--{c3}--|", tptest.Busy(3*tptest.Step))
}

// Each subscription has a clock of its own.
func TestTimeIntervalBeginsAnew(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := operators.TimeInterval[int]()(turbopipes.Timer(time.Second))
		for range 2 {
			time.Sleep(time.Hour)
			items, err := o.Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, []turbopipes.Elapsed[int]{{Value: 0, Since: time.Second}}, items)
		}
	})
}

func ExampleTimeInterval() {
	beats := operators.Take[int](3)(turbopipes.Interval(10 * time.Millisecond))
	late := operators.Filter(func(e turbopipes.Elapsed[int]) bool { return e.Since > time.Minute })(operators.TimeInterval[int]()(beats))
	fmt.Println(late.Collect(context.Background()))
	// Output: [] <nil>
}

func BenchmarkTimeInterval(b *testing.B) { benchmark(b, operators.TimeInterval[int]()) }
