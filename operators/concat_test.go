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

func TestConcat(t *testing.T) {
	doc := tptest.DocDiagram(t, "concat.go", "Concat")
	for name, c := range map[string]struct {
		a    string
		next []string
		out  string
	}{
		"as documented":        {doc["a"], []string{doc["b"]}, doc["out"]},
		"three":                {"-a|", []string{"-b|", "c|"}, "-a-bc|"},
		"none":                 {"-a|", nil, "-a|"},
		"empty ones":           {"--|", []string{"--|", "|"}, "----|"},
		"an error at first":    {"#", []string{"-x|"}, "#"},
		"an error later":       {"-a#", []string{"-x|"}, "-a#"},
		"an error in the next": {"-a|", []string{"-x#", "-y|"}, "-a-x#"},
		"one that never ends":  {"-a|", []string{"-b-", "-x|"}, "-a-b--!"},
	} {
		t.Run(name, func(t *testing.T) {
			tptest.Run(t, func(s *tptest.Scenario) {
				next := make([]turbopipes.Observable[string], len(c.next))
				for i, diagram := range c.next {
					next[i] = tptest.Cold[string](s, diagram, nil)
				}
				tptest.Expect(s, operators.Concat(next...)(tptest.Cold[string](s, c.a, nil)), c.out, nil)
			})
		})
	}
	requireInvalid(t, operators.Concat(turbopipes.Just(1), turbopipes.Observable[int]{}), "Concat: others[1] is the zero Observable")
}

// A stream begins when the one before it is reaped.
func TestConcatNeverOverlaps(t *testing.T) {
	var a alive
	peak := int64(0)
	one := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		defer a.enter()()
		peak = max(peak, a.now.Load())
		emit(1)
		return nil
	})
	require.NoError(t, operators.Concat(one, one)(one).Drain(t.Context()))
	require.EqualValues(t, 3, a.total.Load())
	require.EqualValues(t, 1, peak)
}

// A graceful stop completes the sources of all streams, and lets their operators
// flush. The sources of later streams are not called.
func TestConcatGracefulStop(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		uncalled := turbopipes.Create(func(context.Context, func(int) bool) error { t.Error("called"); return nil })
		count := operators.Reduce(100, func(n, _ int) int { return n + 1 })
		var items []int
		o := operators.Concat(count(uncalled), uncalled, count(uncalled))(count(turbopipes.Interval(time.Second)))
		s := o.Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) { items = append(items, v) }})
		time.Sleep(2500 * time.Millisecond)
		require.NoError(t, s.Stop(t.Context()))
		require.Equal(t, []int{102, 100, 100}, items)
	})
}

func ExampleConcat() {
	header := turbopipes.Just("name,age")
	rows := turbopipes.Just("Ann,31", "Bob,27")
	file := operators.Concat(rows)(header)
	fmt.Println(file.Collect(context.Background()))
	// Output: [name,age Ann,31 Bob,27] <nil>
}

func BenchmarkConcat(b *testing.B) { benchmark(b, operators.Concat(turbopipes.Empty[int]())) }
