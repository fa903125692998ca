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

func TestDelaySubscription(t *testing.T) {
	after := func(d int) turbopipes.Operator[string, string] {
		return operators.DelaySubscription[string](time.Duration(d) * tptest.Step)
	}
	tptest.Doc(t, "delay_subscription.go", "DelaySubscription", after(3))
	for name, c := range map[string]struct {
		d       int
		in, out string
	}{
		"empty":             {3, "--|", "-----|"},
		"an error at first": {3, "#", "---#"},
		"an error later":    {3, "a-#", "---a-#"},
		"never ends":        {3, "a--", "---a--"},
		"no time":           {0, "a-b|", "a-b|"},
		"less than no time": {-1, "a-b|", "a-b|"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, after(c.d), c.out) })
	}
	tptest.Run(t, func(s *tptest.Scenario) {
		in := tptest.Cold[string](s, "a|", nil, tptest.Subscribed("---^!"))
		tptest.Expect(s, after(3)(in), "---a|", nil, tptest.Once())
	})
}

func TestDelaySubscriptionEnds(t *testing.T) {
	wait := operators.DelaySubscription[int](time.Hour)
	bubble(t, "ctx ends the wait", func(t *testing.T) {
		s := endedBy(t, wait(uncalled(t)), 0, time.Second, dispose)
		require.NoError(t, s.err)
		require.False(t, s.completed)
		require.Equal(t, time.Second, s.took)
	})
	bubble(t, "a stop ends the wait, and operators flush", func(t *testing.T) {
		count := operators.Reduce(0, func(n, _ int) int { return n + 1 })(uncalled(t))
		s := endedBy(t, wait(count), 0, time.Second, stop)
		require.NoError(t, s.err)
		require.Equal(t, []int{0}, s.items)
		require.True(t, s.completed)
		require.Equal(t, time.Second, s.took)
	})
	bubble(t, "a stop behind the wait", func(t *testing.T) {
		s := endedBy(t, operators.DelaySubscription[int](time.Second)(turbopipes.Interval(time.Second)), 0, 2500*time.Millisecond, stop)
		require.Equal(t, []int{0}, s.items)
		require.True(t, s.completed)
	})
}

func ExampleDelaySubscription() {
	backup := turbopipes.Just("from the backup")
	primary := turbopipes.Just("from the primary")
	// The backup is subscribed only if the primary takes longer than the delay.
	first := operators.Take[string](1)(operators.Merge(operators.DelaySubscription[string](time.Minute)(backup))(primary))
	fmt.Println(first.Collect(context.Background()))
	// Output: [from the primary] <nil>
}

func BenchmarkDelaySubscription(b *testing.B) { benchmark(b, operators.DelaySubscription[int](0)) }
