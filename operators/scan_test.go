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

func TestScan(t *testing.T) {
	op := operators.Scan("A", func(state, v string) string { return max(state, strings.ToUpper(v)) })
	tptest.Doc(t, "scan.go", "Scan", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"the state is kept": {"-b-a-c|", "-B-B-C|"},
		"an error at first": {"#", "#"},
		"an error later":    {"-b-c#", "-B-C#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
	requireInvalid(t, operators.Scan[int](0, nil), "Scan: fn is nil")
	requirePanics(t, operators.Scan(0, func(int, string) int { panic(errBoom) }))
}

func TestScanBeginsAnew(t *testing.T) {
	sums := operators.Scan(10, func(sum, v int) int { return sum + v })(turbopipes.Range(1, 3))
	for range 2 {
		items, err := sums.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{11, 13, 16}, items)
	}
}

func ExampleScan() {
	bookings := turbopipes.Just(100, -30, -50)
	balance := operators.Scan(0, func(sum, booking int) int { return sum + booking })(bookings)
	fmt.Println(balance.Collect(context.Background()))
	// Output: [100 70 20] <nil>
}

func BenchmarkScan(b *testing.B) {
	benchmark(b, operators.Scan(0, func(sum, v int) int { return sum + v }))
}
