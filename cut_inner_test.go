package turbopipes_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// An item whose inner stream was cut before it has emitted anything is discarded, and has
// not failed.
func TestItemsOfCutInnerStreams(t *testing.T) {
	never := func(int) turbopipes.Observable[int] { return turbopipes.Never[int]() }
	for name, c := range map[string]struct {
		op   turbopipes.Operator[int, int]
		lost int64
	}{
		"FlatMap":   {operators.FlatMap(2, never), 2},
		"ConcatMap": {operators.ConcatMap(never), 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := c.op(turbopipes.Range(0, 2)).Subscribe(t.Context(), turbopipes.Observer[int]{})
				synctest.Wait()
				s.Dispose()
				require.Equal(t, c.lost, s.Stats().Discarded)
				require.Zero(t, s.Stats().Failed)
			})
		})
	}
}
