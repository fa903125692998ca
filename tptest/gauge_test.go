package tptest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestGauge(t *testing.T) {
	var g tptest.Gauge
	require.Zero(t, g.Max())
	g.Enter()
	g.Enter()
	g.Exit()
	require.Equal(t, 1, g.Now())
	require.Equal(t, 2, g.Max())
	g.Exit()

	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			g.Enter()
			g.Exit()
		})
	}
	all.Wait()
	require.Zero(t, g.Now())
	require.GreaterOrEqual(t, g.Max(), 2)
	require.LessOrEqual(t, g.Max(), 100)
}

func ExampleGauge() {
	var running tptest.Gauge
	double := func(_ context.Context, v int) (int, error) {
		running.Enter()
		defer running.Exit()
		return 2 * v, nil
	}
	_ = operators.Parallel(3, double)(turbopipes.Range(0, 100)).Drain(context.Background())
	fmt.Println(running.Max() <= 3, running.Now())
	// Output: true 0
}
