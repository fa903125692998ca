package operators_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestFindIndex(t *testing.T) {
	op := turbopipes.Compose2(operators.FindIndex(letters), operators.Map(strconv.Itoa))
	tptest.Doc(t, "find_index.go", "FindIndex", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--({-1}|)"},
		"none":              {"1-2|", "---({-1}|)"},
		"the first":         {"-a-1|", "-(0|)"},
		"in one instant":    {"(1ab)#", "(1|)"},
		"an error at first": {"#", "#"},
		"an error before":   {"-1#", "--#"},
		"an error behind":   {"-a#", "-(0|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.FindIndex[int](nil), "FindIndex: pred is nil")
	requirePanics(t, operators.FindIndex(func(string) bool { panic(errBoom) }))
}

func ExampleFindIndex() {
	header := turbopipes.Just("name", "age", "town")
	column := operators.FindIndex(func(field string) bool { return field == "town" })(header)
	fmt.Println(column.Collect(context.Background()))
	// Output: [2] <nil>
}

func BenchmarkFindIndex(b *testing.B) {
	benchmark(b, operators.FindIndex(func(v int) bool { return v < 0 }))
}
