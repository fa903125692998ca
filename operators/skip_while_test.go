package operators_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestSkipWhile(t *testing.T) {
	op := operators.SkipWhile(letters)
	tptest.Doc(t, "skip_while.go", "SkipWhile", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"all":               {"-a-b|", "----|"},
		"none":              {"-1-a|", "-1-a|"},
		"an error at first": {"#", "#"},
		"an error soon":     {"-a#", "--#"},
		"an error later":    {"a1#", "-1#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.SkipWhile[int](nil), "SkipWhile: pred is nil")
	requirePanics(t, operators.SkipWhile(func(string) bool { panic(errBoom) }))
}

func TestSkipWhileAsksNoMore(t *testing.T) {
	asked := 0
	small := operators.SkipWhile(func(v int) bool { asked++; return v < 2 })
	for range 2 { // each subscription has its own state
		items, err := small(turbopipes.Just(0, 1, 2, 0, 1)).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{2, 0, 1}, items)
	}
	require.Equal(t, 2*3, asked)
}

func ExampleSkipWhile() {
	file := turbopipes.Just("# licence", "# of the file", "first line", "# no comment")
	body := operators.SkipWhile(func(line string) bool { return strings.HasPrefix(line, "#") })(file)
	fmt.Printf("%q\n", first(body.Collect(context.Background())))
	// Output: ["first line" "# no comment"]
}

func first[T any](v T, _ error) T { return v }

func BenchmarkSkipWhile(b *testing.B) {
	benchmark(b, operators.SkipWhile(func(v int) bool { return v < 1 }))
}
