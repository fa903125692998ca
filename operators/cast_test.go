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

// lettersAndNumbers has digits as numbers.
func lettersAndNumbers(v string) any {
	if letters(v) {
		return v
	}
	return int(v[0] - '0')
}

func TestCast(t *testing.T) {
	op := turbopipes.Compose2(operators.Map(lettersAndNumbers), operators.Cast[string, any]())
	isMismatch := tptest.Error(turbopipes.ErrTypeMismatch)
	tptest.Doc(t, "cast.go", "Cast", op, isMismatch)
	tptest.Marbles(t, "-(a1)|", op, "-(a#)", isMismatch)
	tptest.Marbles(t, "1-a|", op, "#", isMismatch)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-a-b#", "-a-b#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
}

func TestCastTellsTheTypes(t *testing.T) {
	numbers := turbopipes.Just[any](1)
	for text, o := range map[string]error{
		"Cast: the item is int, want string":       operators.Cast[string, any]()(numbers).Drain(t.Context()),
		"Cast: the item is int, want *int":         operators.Cast[*int, any]()(numbers).Drain(t.Context()),
		"Cast: the item is int, want fmt.Stringer": operators.Cast[fmt.Stringer, any]()(numbers).Drain(t.Context()),
		"Cast: the item is <nil>, want error":      operators.Cast[error, any]()(turbopipes.Just[any](nil)).Drain(t.Context()),
	} {
		require.EqualError(t, o, "turbopipes: type mismatch: "+text)
		require.ErrorIs(t, o, turbopipes.ErrTypeMismatch)
	}
	errs, err := operators.Cast[error, any]()(turbopipes.Just[any](errBoom)).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []error{errBoom}, errs, "to an interface")

	in := turbopipes.Create(func(_ context.Context, emit func(any) bool) error {
		require.False(t, emit(1))
		return errLate
	})
	err = operators.Cast[string, any]()(in).Drain(t.Context())
	require.True(t, errors.Is(err, turbopipes.ErrTypeMismatch) && errors.Is(err, errLate), err)
}

func ExampleCast() {
	decoded := turbopipes.Just[any](1.5, 2.5, "three")
	numbers := operators.Cast[float64, any]()(decoded)
	fmt.Println(numbers.Collect(context.Background()))
	// Output: [1.5 2.5] turbopipes: type mismatch: Cast: the item is string, want float64
}

func BenchmarkCast(b *testing.B) { benchmark(b, operators.Cast[int, int]()) }
