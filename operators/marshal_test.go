package operators_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestMarshal(t *testing.T) {
	op := turbopipes.Compose2(operators.Marshal[string](func(v any) ([]byte, error) {
		if v == "x" {
			return nil, tptest.ErrMarble
		}
		return []byte(strings.ToUpper(v.(string))), nil
	}), operators.Map(func(b []byte) string { return string(b) }))
	tptest.Doc(t, "marshal.go", "Marshal", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":                 {"--|", "--|"},
		"an error at first":     {"#", "#"},
		"an error later":        {"-a-b#", "-A-B#"},
		"fn fails at the first": {"-x-a|", "-#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Marshal[int](nil), "Marshal: fn is nil")
	requirePanics(t, operators.Marshal[string](func(any) ([]byte, error) { panic(errBoom) }))
}

func TestMarshalFails(t *testing.T) {
	failing := operators.Marshal[int](func(any) ([]byte, error) { return nil, errBoom })
	err := failing(turbopipes.Just(7)).Drain(t.Context())
	var item *turbopipes.ItemError[int]
	require.ErrorAs(t, err, &item)
	require.Equal(t, &turbopipes.ItemError[int]{Item: 7, Err: errBoom}, item)

	in := turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
		require.False(t, emit(1))
		return errLate
	})
	err = failing(in).Drain(t.Context())
	require.True(t, errors.Is(err, errBoom) && errors.Is(err, errLate), err)
}

func ExampleMarshal() {
	type order struct {
		ID    int `json:"id"`
		Cents int `json:"cents"`
	}
	orders := turbopipes.Just(order{1, 999}, order{2, 50})
	lines := operators.Marshal[order](json.Marshal)(orders)
	_ = lines.Each(context.Background(), func(line []byte) error {
		_, err := fmt.Printf("%s\n", line)
		return err
	})
	// Output:
	// {"id":1,"cents":999}
	// {"id":2,"cents":50}
}

func BenchmarkMarshal(b *testing.B) { benchmark(b, operators.Marshal[int](json.Marshal)) }
