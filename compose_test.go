package turbopipes_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestCompose(t *testing.T) {
	op := tp.Compose(operators.Filter(func(v string) bool { return v >= "a" }), operators.Map(strings.ToUpper))
	tptest.Doc(t, "pipe.go", "Compose", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-1#", "-A--#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	f := operators.Map(func(v string) string { return v })
	for _, op := range []tp.Operator[string, string]{
		tp.Compose[string, string](nil, f), tp.Compose[string, string, string](f, nil),
	} {
		require.ErrorIs(t, op(tp.Just("a")).Drain(t.Context()), tp.ErrInvalidArgument)
	}
}

func ExampleCompose() {
	short := operators.Filter(func(word string) bool { return len(word) < 4 })
	loud := tp.Compose(short, operators.Map(strings.ToUpper))
	fmt.Println(loud(tp.Just("go", "stream", "all")).Collect(context.Background()))
	// Output: [GO ALL] <nil>
}

func BenchmarkCompose(b *testing.B) {
	id := operators.Map(func(v int) int { return v })
	benchmark(b, tp.Compose(id, id))
}
