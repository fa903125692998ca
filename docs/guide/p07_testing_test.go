package guide_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// settled is what is tested here: what was typed, once it is quiet, without repeats.
func settled(quiet time.Duration) tp.Operator[string, string] {
	return tp.Compose2(
		operators.Debounce[string](quiet),
		operators.DistinctUntilChanged(operators.Self[string]))
}

func TestSettled(t *testing.T) {
	op := settled(3 * tptest.Step)
	for name, c := range map[string]struct{ in, out string }{
		"a burst":            {"abc------|", "-----c---|"},
		"the same again":     {"a----a----b-|", "---a--------(b|)"},
		"an error":           {"a---b#", "---a-#"},
		"it ends in a hurry": {"a|", "-(a|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func TestTwoSources(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		keys := tptest.Cold[string](s, "-a---b---c|", nil)
		stop := tptest.Cold[string](s, "-------x", nil)
		tptest.Expect(s, operators.TakeUntil[string](stop)(keys), "-a---b-|", nil)
	})
}

func TestAtMostTwoAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // virtual time: the test takes no time
		var running tptest.Gauge
		task := func(_ context.Context, id int) (int, error) {
			running.Enter()
			defer running.Exit()
			time.Sleep(time.Second)
			return id, nil
		}
		began := time.Now()
		require.NoError(t, operators.Parallel(2, task)(tp.Range(1, 10)).Drain(t.Context()))
		require.Equal(t, 5*time.Second, time.Since(began))
		require.Equal(t, 2, running.Max())
	})
}

func TestNothingIsLost(t *testing.T) {
	var lost []any
	ctx := tp.WithLossHook(t.Context(), func(l tp.Loss) { lost = append(lost, l.Item) })
	tail := operators.Concat(tp.Throw[int](errBusy))(tp.Range(1, 3))
	require.ErrorIs(t, operators.BufferWithCount[int](2)(tail).Drain(ctx), errBusy)
	require.Equal(t, []any{3}, lost)
}
