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

func TestMap(t *testing.T) {
	upperCase := operators.Map(strings.ToUpper)
	tptest.Doc(t, "map.go", "Map", upperCase)
	for name, c := range map[string]struct{ in, out string }{
		"empty":               {"--|", "--|"},
		"an error at first":   {"#", "#"},
		"an error later":      {"-a-b#", "-A-B#"},
		"many in one instant": {"-(abc|)", "-(ABC|)"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, upperCase, c.out) })
	}
	requireInvalid(t, operators.Map[int, string](nil), "Map: fn is nil")
	requirePanics(t, operators.Map(func(string) int { panic(errBoom) }))
}

func TestMapChangesTheType(t *testing.T) {
	lengths, err := operators.Map(func(s string) int { return len(s) })(turbopipes.Just("a", "go")).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, lengths)
}

func ExampleMap() {
	prices := turbopipes.Just(250, 1999)
	labels := operators.Map(func(cents int) string { return fmt.Sprintf("$%d.%02d", cents/100, cents%100) })(prices)
	_ = labels.Each(context.Background(), func(label string) error {
		_, err := fmt.Println(label)
		return err
	})
	// Output:
	// $2.50
	// $19.99
}

func BenchmarkMap(b *testing.B) { benchmark(b, operators.Map(func(v int) int { return v + 1 })) }
