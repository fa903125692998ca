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

func TestAny(t *testing.T) {
	op := verdict(operators.Any(letters))
	tptest.Doc(t, "any.go", "Any", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--(f|)"},
		"none":              {"-1-2|", "----(f|)"},
		"the first":         {"-a-1|", "-(t|)"},
		"in one instant":    {"(1ab)#", "(t|)"},
		"an error at first": {"#", "#"},
		"an error before":   {"-1#", "--#"},
		"an error behind":   {"-a#", "-(t|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Any[int](nil), "Any: pred is nil")
	requirePanics(t, operators.Any(func(string) bool { panic(errBoom) }))
}

func ExampleAny() {
	log := turbopipes.Just("INFO start", "ERROR disk full", "INFO stop")
	failed := operators.Any(func(line string) bool { return strings.HasPrefix(line, "ERROR") })(log)
	fmt.Println(failed.Collect(context.Background()))
	// Output: [true] <nil>
}

func BenchmarkAny(b *testing.B) {
	benchmark(b, operators.Any(func(v int) bool { return v < 0 }))
}

// verdict returns op with letters for its results.
func verdict(op turbopipes.Operator[string, bool]) turbopipes.Operator[string, string] {
	return turbopipes.Compose2(op, operators.Map(func(told bool) string { return map[bool]string{true: "t", false: "f"}[told] }))
}
