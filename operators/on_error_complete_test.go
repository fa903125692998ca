package operators_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestOnErrorComplete(t *testing.T) {
	match := operators.OnErrorComplete[string](func(err error) bool { return errors.Is(err, tptest.ErrMarble) })
	all := operators.OnErrorComplete[string](nil)
	none := operators.OnErrorComplete[string](func(error) bool { return false })
	tptest.Doc(t, "on_error_complete.go", "OnErrorComplete", match)
	for name, c := range map[string]struct {
		in  string
		op  turbopipes.Operator[string, string]
		out string
	}{
		"empty":             {"--|", all, "--|"},
		"no error":          {"-a-b|", all, "-a-b|"},
		"an error at first": {"#", match, "|"},
		"all errors":        {"-a-#", all, "-a-|"},
		"no match":          {"-a-#", none, "-a-#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out) })
	}
	handles(t, operators.OnErrorComplete[int](nil), []int(nil)...)
	handles(t, operators.OnErrorComplete[int](func(error) bool { return true }), []int(nil)...)
	leavesAlone(t, func(*testing.T, string) turbopipes.Operator[int, int] { return operators.OnErrorComplete[int](nil) })
	leavesAlone(t, func(t *testing.T, how string) turbopipes.Operator[int, int] {
		return operators.OnErrorComplete[int](func(error) bool { t.Error("called for ", how); return true })
	})
	bad := operators.OnErrorComplete[int](func(error) bool { panic(errLate) })
	require.ErrorIs(t, bad(turbopipes.Throw[int](errBoom)).Drain(t.Context()), errLate)
}

func ExampleOnErrorComplete() {
	truncated := operators.Concat(turbopipes.Throw[string](io.ErrUnexpectedEOF))(turbopipes.Just("line 1", "line 2"))
	lines := operators.OnErrorComplete[string](func(err error) bool {
		return errors.Is(err, io.ErrUnexpectedEOF)
	})(truncated)
	fmt.Println(lines.Collect(context.Background()))
	// Output: [line 1 line 2] <nil>
}

func BenchmarkOnErrorComplete(b *testing.B) { benchmark(b, operators.OnErrorComplete[int](nil)) }
