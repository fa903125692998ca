package operators_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestThrowIfEmpty(t *testing.T) {
	boom := operators.ThrowIfEmpty[string](func() error { return errBoom })
	t.Run("as documented", func(t *testing.T) {
		tptest.Doc(t, "throw_if_empty.go", "ThrowIfEmpty", boom, tptest.Error(errBoom), tptest.Unstopped())
	})
	t.Run("empty", func(t *testing.T) { tptest.Marbles(t, "|", boom, "#", tptest.Error(errBoom)) })
	for name, c := range map[string]struct{ in, out string }{
		"one":               {"-a-|", "-a-|"},
		"several":           {"-a-b|", "-a-b|"},
		"an error at first": {"-#", "-#"},
		"an error later":    {"-a#", "-a#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, boom, c.out, tptest.Unstopped()) })
	}
	for name, op := range map[string]turbopipes.Operator[string, string]{
		"err is nil":    operators.ThrowIfEmpty[string](nil),
		"err gives nil": operators.ThrowIfEmpty[string](func() error { return nil }),
	} {
		t.Run(name, func(t *testing.T) {
			err := op(turbopipes.Empty[string]()).Drain(t.Context())
			require.ErrorIs(t, err, turbopipes.ErrEmpty)
			require.EqualError(t, err, "turbopipes: empty: ThrowIfEmpty")
		})
	}
	require.Equal(t, errBoom, boom(turbopipes.Empty[string]()).Drain(t.Context()), "as it is")
}

// err is called for an empty stream, and for no other.
func TestThrowIfEmptyCalls(t *testing.T) {
	panics := operators.ThrowIfEmpty[int](func() error { panic(errBoom) })
	require.NoError(t, panics(turbopipes.Just(1)).Drain(t.Context()))
	require.Equal(t, errLate, panics(turbopipes.Throw[int](errLate)).Drain(t.Context()))
	require.NoError(t, operators.Take[int](1)(panics(turbopipes.Just(1, 2))).Drain(t.Context()))

	p := (*turbopipes.PanicError)(nil)
	require.ErrorAs(t, panics(turbopipes.Empty[int]()).Drain(t.Context()), &p)
	require.Equal(t, errBoom, p.Value)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancelling := operators.Finally[int](func() { cancel(errLate) })(turbopipes.Empty[int]())
	require.Equal(t, errLate, panics(cancelling).Drain(ctx), "not complete under a ctx that has ended")
}

func ExampleThrowIfEmpty() {
	errNoUser := errors.New("no such user")
	rows := turbopipes.Empty[string]()
	user := operators.ThrowIfEmpty[string](func() error { return errNoUser })(rows)
	fmt.Println(user.Collect(context.Background()))
	// Output: [] no such user
}

func BenchmarkThrowIfEmpty(b *testing.B) { benchmark(b, operators.ThrowIfEmpty[int](nil)) }
