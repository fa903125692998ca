package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestTakeWhile(t *testing.T) {
	op := operators.TakeWhile(letters)
	tptest.Doc(t, "take_while.go", "TakeWhile", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":                   {"--|", "--|"},
		"all":                     {"-a-b|", "-a-b|"},
		"none":                    {"-1-a|", "-|"},
		"an error at first":       {"#", "#"},
		"an error before the end": {"-a#", "-a#"},
		"an error behind the end": {"-a-1#", "-a-|"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.TakeWhile[int](nil), "TakeWhile: pred is nil")
	requireInvalid(t, operators.TakeWhile(func(int) bool { return true }, nil), "TakeWhile: option 1 is nil")
	requirePanics(t, operators.TakeWhile(func(string) bool { panic(errBoom) }))
}

func TestTakeWhileInclusive(t *testing.T) {
	op := operators.TakeWhile(letters, operators.Inclusive())
	for name, c := range map[string]struct{ in, out string }{
		"the one that ends it": {"-a-1-b|", "-a-(1|)"},
		"the first":            {"-1-a|", "-(1|)"},
		"none":                 {"-a-b|", "-a-b|"},
		"empty":                {"--|", "--|"},
		"an error":             {"-a#", "-a#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func ExampleTakeWhile() {
	pages := turbopipes.Just("intro", "usage", "", "never read")
	full := operators.TakeWhile(func(page string) bool { return page != "" })(pages)
	fmt.Println(full.Collect(context.Background()))
	// Output: [intro usage] <nil>
}

func BenchmarkTakeWhile(b *testing.B) {
	benchmark(b, operators.TakeWhile(func(v int) bool { return v >= 0 }))
}
