package operators_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestUnmarshal(t *testing.T) {
	bytes := operators.Map(func(v string) []byte { return []byte(v) })
	op := turbopipes.Compose2(bytes, operators.Unmarshal[string](func(b []byte, to any) error {
		if string(b) == "x" {
			return tptest.ErrMarble
		}
		*to.(*string) = strings.ToUpper(string(b))
		return nil
	}))
	tptest.Doc(t, "unmarshal.go", "Unmarshal", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":                 {"--|", "--|"},
		"an error at first":     {"#", "#"},
		"an error later":        {"-a-b#", "-A-B#"},
		"fn fails at the first": {"-x-a|", "-#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Unmarshal[int](nil), "Unmarshal: fn is nil")
	requirePanics(t, turbopipes.Compose2(bytes, operators.Unmarshal[int](func([]byte, any) error { panic(errBoom) })))
}

// No field of an item is left in the next item.
func TestUnmarshalReadsIntoFreshItems(t *testing.T) {
	type point struct{ X, Y int }
	lines := turbopipes.Just([]byte(`{"X":1,"Y":2}`), []byte(`{"Y":3}`))
	points, err := operators.Unmarshal[*point](json.Unmarshal)(lines).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []*point{{1, 2}, {0, 3}}, points)
}

func TestUnmarshalFails(t *testing.T) {
	err := operators.Unmarshal[int](json.Unmarshal)(turbopipes.Just([]byte("{"))).Drain(t.Context())
	var item *turbopipes.ItemError[[]byte]
	require.ErrorAs(t, err, &item)
	require.Equal(t, []byte("{"), item.Item)
	var syntax *json.SyntaxError
	require.ErrorAs(t, err, &syntax)
}

func ExampleUnmarshal() {
	type order struct{ ID, Cents int }
	lines := turbopipes.Just([]byte(`{"id":1,"cents":999}`), []byte(`{"id":2,"cents":50}`))
	fmt.Println(operators.Unmarshal[order](json.Unmarshal)(lines).Collect(context.Background()))
	// Output: [{1 999} {2 50}] <nil>
}

func BenchmarkUnmarshal(b *testing.B) {
	bytes := operators.Map(func(int) []byte { return []byte("17") })
	benchmark(b, turbopipes.Compose2(bytes, operators.Unmarshal[int](json.Unmarshal)))
}
