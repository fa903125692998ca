package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestIntersperse(t *testing.T) {
	op := operators.Intersperse("x")
	around := operators.Intersperse("x", operators.WithEnds("y", "z"))
	tptest.Doc(t, "intersperse.go", "Intersperse", op)
	for name, c := range map[string]struct {
		op      turbopipes.Operator[string, string]
		in, out string
	}{
		"empty":                        {op, "--|", "--|"},
		"one":                          {op, "-a-|", "-a-|"},
		"in an instant":                {op, "(abc)|", "0:a 0:x 0:b 0:x 0:c 5:|"},
		"an error at first":            {op, "#", "#"},
		"an error later":               {op, "-a-b---#", "-a-(xb)#"},
		"with ends":                    {around, "--a---b---|", "--(ya)(xb)(z|)"},
		"with ends, one":               {around, "a---|", "(ya)(z|)"},
		"with ends, empty":             {around, "--|", "--(yz|)"},
		"with ends, an error at first": {around, "#", "#"},
		"with ends, an error later":    {around, "a---#", "(ya)#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, c.op, c.out) })
	}
	requireInvalid(t, operators.Intersperse(1, nil), "Intersperse: option 1 is nil")
}

func TestIntersperseEndsOfAnInterface(t *testing.T) {
	items, err := operators.Intersperse[error](errBoom, operators.WithEnds[error](nil, nil))(turbopipes.Just(errLate, errLate)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []error{nil, errLate, errBoom, errLate, nil}, items)
}

func ExampleIntersperse() {
	rows := turbopipes.Just(`{"id":1}`, `{"id":2}`)
	array := operators.Intersperse(",", operators.WithEnds("[", "]"))(rows)
	_ = array.Each(context.Background(), func(part string) error {
		_, err := fmt.Print(part)
		return err
	})
	// Output: [{"id":1},{"id":2}]
}

func BenchmarkIntersperse(b *testing.B) { benchmark(b, operators.Intersperse(0)) }
