package operators

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBuffers compares the result with slices that are cut out of all items.
func TestBuffers(t *testing.T) {
	const most = 12
	for n := 1; n <= 5; n++ {
		for step := 1; step <= 7; step++ {
			for count := range most {
				t.Run(fmt.Sprint(n, step, count), func(t *testing.T) { compareBuffers(t, n, step, count) })
			}
		}
	}
}

func compareBuffers(t *testing.T, n, step, count int) {
	t.Helper()
	var all []int
	b := openBuffers[int]{n: n, step: step}
	var got, want [][]int
	for i := range count {
		all = append(all, i)
		if full := b.add(i); full != nil {
			require.Len(t, full, n)
			got = append(got, full)
		}
	}
	require.Equal(t, lost(got, all, n, step), b.held)
	for !b.none() {
		got = append(got, b.take())
		require.Zero(t, b.held, "the oldest has all of them in it")
	}
	for from := 0; from < count; from += step {
		want = append(want, all[from:min(from+n, count)])
	}
	require.Equal(t, want, got)
}

// A slice that was taken shares nothing with those that come after it.
func TestBuffersShareNothing(t *testing.T) {
	b := openBuffers[int]{n: 4, step: 1}
	for i := range 4 {
		if full := b.add(i); full != nil {
			clear(full[:cap(full)])
		}
	}
	for i := 1; !b.none(); i++ {
		taken := b.take()
		require.Equal(t, i, taken[0])
		clear(taken[:cap(taken)])
	}
}

// Slices that overlap keep their items once: with so many slices, one copy for each
// slice would need more memory than the machine has.
func TestBuffersKeepItemsOnce(t *testing.T) {
	const n = 1_000_000
	b := openBuffers[int]{n: n, step: 1}
	for i := range n - 1 {
		b.add(i)
	}
	require.EqualValues(t, n-1, b.held)
	require.Len(t, b.take(), n-1)
	require.Len(t, b.take(), n-2)
}

// lost counts the items that are in no emitted slice, without the items in a gap.
func lost(out [][]int, all []int, n, step int) (count int64) {
	seen := map[int]bool{}
	for _, b := range out {
		for _, v := range b {
			seen[v] = true
		}
	}
	for _, v := range all {
		if !seen[v] && v%step < n {
			count++
		}
	}
	return count
}
