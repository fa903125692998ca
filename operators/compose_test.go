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

func TestCompose(t *testing.T) {
	op := operators.Compose(operators.Filter(letters), operators.Map(strings.ToUpper))
	tptest.Doc(t, "compose.go", "Compose", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-1#", "-A--#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	f := operators.Map(func(v string) string { return v })
	for _, op := range []turbopipes.Operator[string, string]{
		operators.Compose[string, string](nil, f), operators.Compose[string, string, string](f, nil),
	} {
		require.ErrorIs(t, op(turbopipes.Just("a")).Drain(t.Context()), turbopipes.ErrInvalidArgument)
	}
}

func ExampleCompose() {
	short := operators.Filter(func(word string) bool { return len(word) < 4 })
	loud := operators.Compose(short, operators.Map(strings.ToUpper))
	fmt.Println(loud(turbopipes.Just("go", "stream", "all")).Collect(context.Background()))
	// Output: [GO ALL] <nil>
}

func BenchmarkCompose(b *testing.B) {
	id := operators.Map(func(v int) int { return v })
	benchmark(b, operators.Compose(id, id))
}
