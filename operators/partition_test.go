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

func TestPartition(t *testing.T) {
	doc := tptest.DocDiagram(t, "partition.go", "Partition")
	for name, c := range map[string]struct{ in, match, rest string }{
		"as documented":     {doc["in"], doc["out"], doc["rest"]},
		"empty":             {"--|", "--|", "--|"},
		"all match":         {"-ab|", "-ab|", "---|"},
		"none does":         {"-12|", "---|", "-12|"},
		"an error at first": {"#", "#", "#"},
		"an error later":    {"-a1#", "-a-#", "--1#"},
		"without end":       {"-a1--", "-a---!", "--1--!"},
	} {
		t.Run(name, func(t *testing.T) {
			match := func(in turbopipes.Observable[string]) turbopipes.Observable[string] {
				match, _ := operators.Partition(in, letters)
				return match
			}
			rest := func(in turbopipes.Observable[string]) turbopipes.Observable[string] {
				_, rest := operators.Partition(in, letters)
				return rest
			}
			tptest.Marbles(t, c.in, match, c.match)
			tptest.Marbles(t, c.in, rest, c.rest)
		})
	}
	requirePanics(t, func(in turbopipes.Observable[string]) turbopipes.Observable[string] {
		match, _ := operators.Partition(in, func(string) bool { panic(errBoom) })
		return match
	})
	match, rest := operators.Partition(turbopipes.Just(1), nil)
	requireBad(t, match, "Partition: pred is nil")
	requireBad(t, rest, "Partition: pred is nil")
	match, rest = operators.Partition(turbopipes.Observable[int]{}, func(int) bool { return true })
	requireBad(t, match, "Partition: upstream is the zero Observable")
	requireBad(t, rest, "Partition: upstream is the zero Observable")
}

func requireBad[T any](t *testing.T, o turbopipes.Observable[T], text string) {
	t.Helper()
	err := o.Drain(t.Context())
	require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
	require.EqualError(t, err, "turbopipes: invalid argument: "+text)
}

// Each half runs the source afresh.
func TestPartitionIsCold(t *testing.T) {
	var source counting
	match, rest := operators.Partition(source.stream(4), func(v int) bool { return v%2 == 0 })
	require.Zero(t, source.begun.Load())
	items, err := operators.Concat(rest)(match).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{0, 2, 1, 3}, items)
	require.EqualValues(t, 8, source.begun.Load())
}

func ExamplePartition() {
	numbers := turbopipes.Just(3, -1, 4, -1, 5)
	valid, invalid := operators.Partition(numbers, func(v int) bool { return v >= 0 })
	fmt.Println(valid.Collect(context.Background()))
	fmt.Println(invalid.Collect(context.Background()))
	// Output:
	// [3 4 5] <nil>
	// [-1 -1] <nil>
}

func BenchmarkPartition(b *testing.B) {
	benchmark(b, func(in turbopipes.Observable[int]) turbopipes.Observable[int] {
		match, _ := operators.Partition(in, func(v int) bool { return v%2 == 0 })
		return match
	})
}
