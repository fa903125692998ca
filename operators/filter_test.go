package operators_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestFilter(t *testing.T) {
	op := operators.Filter(letters)
	tptest.Doc(t, "filter.go", "Filter", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"all":               {"a-b|", "a-b|"},
		"none":              {"1-2|", "---|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-1#", "-a--#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Filter[int](nil), "Filter: pred is nil")
	requirePanics(t, operators.Filter(func(string) bool { panic(errBoom) }))
}

func ExampleFilter() {
	log := turbopipes.Just("INFO start", "ERROR disk full", "INFO stop")
	failures := operators.Filter(func(line string) bool { return strings.HasPrefix(line, "ERROR") })(log)
	fmt.Println(failures.Collect(context.Background()))
	// Output: [ERROR disk full] <nil>
}

func BenchmarkFilter(b *testing.B) {
	benchmark(b, operators.Filter(func(v int) bool { return v&1 == 0 }))
}
