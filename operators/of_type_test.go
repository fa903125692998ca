package operators_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestOfType(t *testing.T) {
	op := turbopipes.Compose2(operators.Map(lettersAndNumbers), operators.OfType[string, any]())
	tptest.Doc(t, "of_type.go", "OfType", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"none":              {"-1-2-|", "-----|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-1#", "-a--#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func TestOfTypeInterfaces(t *testing.T) {
	errs, err := operators.OfType[error, any]()(turbopipes.Just[any](1, errBoom, nil, "x", errLate)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []error{errBoom, errLate}, errs)
}

func ExampleOfType() {
	failures := turbopipes.Just(errors.New("no route"), error(&fs.PathError{Op: "open", Path: "/etc/motd", Err: fs.ErrNotExist}))
	paths := operators.Map(func(e *fs.PathError) string { return e.Path })(operators.OfType[*fs.PathError, error]()(failures))
	fmt.Println(paths.Collect(context.Background()))
	// Output: [/etc/motd] <nil>
}

func BenchmarkOfType(b *testing.B) { benchmark(b, operators.OfType[int, int]()) }
