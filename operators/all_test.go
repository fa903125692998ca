package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestAll(t *testing.T) {
	op := verdict(operators.All(letters))
	tptest.Doc(t, "all.go", "All", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--(t|)"},
		"all":               {"-a-b|", "----(t|)"},
		"not the first":     {"-1-a|", "-(f|)"},
		"in one instant":    {"(a1b)#", "(f|)"},
		"an error at first": {"#", "#"},
		"an error before":   {"-a#", "--#"},
		"an error behind":   {"-1#", "-(f|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.All[int](nil), "All: pred is nil")
	requirePanics(t, operators.All(func(string) bool { panic(errBoom) }))
}

func ExampleAll() {
	ages := turbopipes.Just(31, 27, 17)
	adults := operators.All(func(age int) bool { return age >= 18 })(ages)
	fmt.Println(adults.Collect(context.Background()))
	// Output: [false] <nil>
}

func BenchmarkAll(b *testing.B) {
	benchmark(b, operators.All(func(v int) bool { return v >= 0 }))
}
