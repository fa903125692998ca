package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func TestSelf(t *testing.T) {
	require.Equal(t, 7, operators.Self(7))
	require.Equal(t, "a", operators.Self("a"))
}

func ExampleSelf() {
	hosts := turbopipes.Just("a.example", "b.example", "a.example")
	probe := func(_ context.Context, host string) (int, error) { return len(host), nil }
	probed := operators.ParallelBy(2, operators.Self[string], probe, operators.Ordered())(hosts)
	fmt.Println(probed.Collect(context.Background()))
	// Output: [9 9 9] <nil>
}
