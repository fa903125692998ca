package turbopipes_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
	"github.com/turbopipes/turbopipes/operators"
)

// A stream that has all its items emits them under own.AtOnce, as often as it is asked.
// Any other stream does nothing, whatever it is made of.
func TestAtOnce(t *testing.T) {
	just := turbopipes.Just(1, 2, 3)
	calls := 0
	for name, c := range map[string]struct {
		stream turbopipes.Observable[int]
		want   []int
		waits  bool
	}{
		"Just":      {stream: just, want: []int{1, 2, 3}},
		"FromSlice": {stream: turbopipes.FromSlice([]int{4, 5}), want: []int{4, 5}},
		"Range":     {stream: turbopipes.Range(7, 2), want: []int{7, 8}},
		"Empty":     {stream: turbopipes.Empty[int]()},
		"Start":     {stream: turbopipes.Start(func(context.Context) (int, error) { calls++; return 1, nil }), waits: true},
		"Defer":     {stream: turbopipes.Defer(func(context.Context) (turbopipes.Observable[int], error) { calls++; return just, nil }), waits: true},
		"Map":       {stream: operators.Map(func(v int) int { calls++; return v })(just), waits: true},
		"Throw":     {stream: turbopipes.Throw[int](errBoom), waits: true},
		"Never":     {stream: turbopipes.Never[int](), waits: true},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				var got []int
				err := c.stream.Push(own.AtOnce, func(v int) bool { got = append(got, v); return true })
				if c.waits {
					require.ErrorIs(t, err, own.ErrWaits)
				} else {
					require.NoError(t, err)
				}
				require.Equal(t, c.want, got)
			}
			emitted := 0
			err := c.stream.Push(own.AtOnce, func(int) bool { emitted++; return false })
			require.Equal(t, c.waits, err != nil)
			require.Equal(t, min(1, len(c.want)), emitted)
		})
	}
	require.Zero(t, calls)
}
