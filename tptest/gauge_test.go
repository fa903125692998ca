package tptest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGauge(t *testing.T) {
	var g Gauge
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
