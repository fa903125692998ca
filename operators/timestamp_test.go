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

func TestTimestamp(t *testing.T) {
	var begin time.Time
	op := turbopipes.Compose2(operators.Timestamp[string](), operators.Map(func(s turbopipes.Timestamped[string]) string {
		return fmt.Sprint(s.Value, int(s.At.Sub(begin)/tptest.Step))
	}))
	scenario := func(in, out string, names map[string]string) {
		tptest.Run(t, func(s *tptest.Scenario) {
			begin = time.Now()
			tptest.Expect(s, renamed(op, names)(tptest.Cold[string](s, in, nil)), out, nil)
		})
	}
	doc := tptest.DocDiagram(t, "timestamp.go", "Timestamp")
	scenario(doc["in"], doc["out"], map[string]string{"a1": "x", "b4": "y", "c6": "z"})
	for in, out := range map[string]string{
		"--|":    "--|",
		"a-|":    "{a0}-|",
		"-(ab)|": "-({a1}{b1})|",
		"#":      "#",
		"-a-b#":  "-{a1}-{b3}#",
	} {
		scenario(in, out, nil)
	}
}

// The monotonic reading is kept.
func TestTimestampIsMonotonic(t *testing.T) {
	items, err := operators.Timestamp[int]()(turbopipes.Just(1)).Collect(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, items[0].At, items[0].At.Round(0), "Round(0) strips it")
	require.WithinDuration(t, time.Now(), items[0].At, time.Minute)
}

func ExampleTimestamp() {
	prices := turbopipes.Just(101, 99)
	today := operators.Filter(func(p turbopipes.Timestamped[int]) bool { return time.Since(p.At) < 24*time.Hour })(operators.Timestamp[int]()(prices))
	fmt.Println(operators.Map(func(p turbopipes.Timestamped[int]) int { return p.Value })(today).Collect(context.Background()))
	// Output: [101 99] <nil>
}

func BenchmarkTimestamp(b *testing.B) { benchmark(b, operators.Timestamp[int]()) }
