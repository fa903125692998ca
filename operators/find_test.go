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

func TestFind(t *testing.T) {
	op := operators.Find(letters)
	tptest.Doc(t, "find.go", "Find", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"none":              {"1-2|", "---|"},
		"the first":         {"-a-1|", "-(a|)"},
		"in one instant":    {"(1ab)#", "(a|)"},
		"an error at first": {"#", "#"},
		"an error before":   {"-1#", "--#"},
		"an error behind":   {"-a#", "-(a|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Find[int](nil), "Find: pred is nil")
	requirePanics(t, operators.Find(func(string) bool { panic(errBoom) }))
}

func ExampleFind() {
	log := turbopipes.Just("INFO start", "ERROR disk full", "ERROR no route")
	failure := operators.Find(func(line string) bool { return strings.HasPrefix(line, "ERROR") })(log)
	fmt.Println(failure.Collect(context.Background()))
	// Output: [ERROR disk full] <nil>
}

func BenchmarkFind(b *testing.B) {
	benchmark(b, operators.Find(func(v int) bool { return v < 0 }))
}
