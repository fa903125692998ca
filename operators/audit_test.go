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

func TestAudit(t *testing.T) {
	audit := operators.Audit[string](4 * tptest.Step)
	tptest.Doc(t, "audit.go", "Audit", audit) // 6
	for name, c := range map[string]struct{ in, out string }{
		"empty":                         {"---|", "---|"},
		"an error at first":             {"#", "#"},
		"an error while it runs":        {"ab-#", "---#"},
		"an error behind it":            {"ab---#", "----b#"},
		"an emission makes nobody wait": {"a----b-------|", "----a----b---|"},
		"an item at the end begins one": {"a---b------|", "----a---b--|"},
		"completion waits":              {"a|", "----(a|)"},
		"completion need not wait":      {"a----|", "----a|"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, audit, c.out) })
	}
	t.Run("a busy downstream", func(t *testing.T) {
		tptest.Marbles(t, "ab---c-----d-e------------|", audit, "4:b 11:c 18:e 26:|", tptest.Busy(7*tptest.Step))
	})
	requireInvalid(t, operators.Audit[int](0), "Audit: window is 0s, want more than 0")
	requireInvalid(t, operators.Audit[int](-1), "Audit: window is -1ns, want more than 0")
}

func TestAuditEnds(t *testing.T) {
	bubble(t, "a graceful stop is a completion", func(t *testing.T) {
		s := endedBy(t, operators.Audit[int](5*time.Second)(turbopipes.Interval(time.Second)), 0, 3500*time.Millisecond, stop)
		require.Equal(t, []int{2}, s.items)
		require.True(t, s.completed)
		require.Equal(t, 3500*time.Millisecond, s.took, "what is due next is due at the stop")
		require.Zero(t, s.stats.Discarded)
	})
	bubble(t, "what waits is discarded", func(t *testing.T) {
		s := endedBy(t, operators.Audit[int](5*time.Second)(turbopipes.Interval(time.Second)), 0, 3500*time.Millisecond, dispose)
		require.Empty(t, s.items)
		require.EqualValues(t, 1, s.stats.Discarded)
	})
}

func ExampleAudit() {
	resizes := turbopipes.Just("800x600", "810x600", "1024x768")
	layouts, err := operators.Audit[string](16 * time.Millisecond)(resizes).Collect(context.Background()) // once per frame
	fmt.Println(layouts[len(layouts)-1], err)
	// Output: 1024x768 <nil>
}

func BenchmarkAudit(b *testing.B) { benchmark(b, operators.Audit[int](time.Microsecond)) }
