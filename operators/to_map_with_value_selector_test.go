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

func TestToMapWithValueSelector(t *testing.T) {
	op := renamed(prints(operators.ToMapWithValueSelector(vowel, strings.ToUpper)), map[string]string{"map[c:C v:A]": "x", "map[]": "0", "map[v:E]": "1"})
	tptest.Doc(t, "to_map_with_value_selector.go", "ToMapWithValueSelector", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":              {"--|", "--(0|)"},
		"the last one stays": {"-a-e-|", "-----(1|)"},
		"an error at first":  {"#", "#"},
		"an error later":     {"-a-b#", "----#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.ToMapWithValueSelector[int, int](nil, parity), "ToMapWithValueSelector: key is nil")
	requireInvalid(t, operators.ToMapWithValueSelector[int, int, int](parity, nil), "ToMapWithValueSelector: value is nil")
	requirePanics(t, operators.ToMapWithValueSelector(func(string) int { panic(errBoom) }, vowel))
	requirePanics(t, operators.ToMapWithValueSelector(vowel, func(string) int { panic(errBoom) }))
}

func ExampleToMapWithValueSelector() {
	headers := turbopipes.Just("host: example.org", "accept: */*")
	name := func(line string) string { before, _, _ := strings.Cut(line, ": "); return before }
	value := func(line string) string { _, after, _ := strings.Cut(line, ": "); return after }
	parsed := operators.ToMapWithValueSelector(name, value)(headers)
	fmt.Println(parsed.Collect(context.Background()))
	// Output: [map[accept:*/* host:example.org]] <nil>
}

func BenchmarkToMapWithValueSelector(b *testing.B) {
	benchmark(b, operators.ToMapWithValueSelector(func(v int) int { return v % 16 }, operators.Self[int]))
}
