package operators_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestFilterMap(t *testing.T) {
	op := operators.FilterMap(func(v string) (string, bool) { return strings.ToUpper(v), letters(v) })
	tptest.Doc(t, "filter_map.go", "FilterMap", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"none is let out":   {"1-2-|", "----|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-1#", "-A--#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.FilterMap[int, string](nil), "FilterMap: fn is nil")
	requirePanics(t, operators.FilterMap(func(string) (int, bool) { panic(errBoom) }))
}

func ExampleFilterMap() {
	words := turbopipes.Just("7", "seven", "12")
	numbers := operators.FilterMap(func(word string) (int, bool) {
		n, err := strconv.Atoi(word)
		return n, err == nil
	})(words)
	fmt.Println(numbers.Collect(context.Background()))
	// Output: [7 12] <nil>
}

func BenchmarkFilterMap(b *testing.B) {
	benchmark(b, operators.FilterMap(func(v int) (int, bool) { return v, v&1 == 0 }))
}
