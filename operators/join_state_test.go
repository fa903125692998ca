package operators

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// joinOf returns the pairs that are delivered when v comes. Items are their own times in
// seconds.
func joinOf(t *testing.T, a, b *joinSide[int], v int, more bool) (pairs []string) {
	t.Helper()
	require.True(t, matchPairs(a, b, v, more, 2*time.Second, func(x, y int) bool {
		pairs = append(pairs, fmt.Sprint(x, y))
		return true
	}))
	return pairs
}

func TestJoining(t *testing.T) {
	at := func(v int) time.Time { return time.Unix(int64(v), 0) }
	a, b := joinSide[int]{at: at}, joinSide[int]{at: at}
	require.False(t, a.held(&b.joinProgress))
	require.Empty(t, joinOf(t, &a, &b, 10, true))
	require.True(t, a.held(&b.joinProgress), "it has one, and the other none")
	require.False(t, b.held(&a.joinProgress))
	require.Equal(t, []int{10}, a.left())

	require.Empty(t, joinOf(t, &b, &a, 7, true), "too early")
	require.True(t, a.held(&b.joinProgress), "it is 3 ahead")
	require.Zero(t, b.left(), "no item of the other can be near enough")
	require.Equal(t, []string{"8 10"}, joinOf(t, &b, &a, 8, true))
	require.False(t, a.held(&b.joinProgress))
	require.Zero(t, a.left())
	require.Equal(t, []string{"10 8"}, joinOf(t, &a, &b, 10, true))
	require.Equal(t, []string{"12 10", "12 10"}, joinOf(t, &b, &a, 12, true))
	require.Equal(t, []string{"13 12"}, joinOf(t, &a, &b, 13, true), "8 is forgotten")

	joinOf(t, &b, &a, 0, false)
	require.True(t, b.held(&a.joinProgress), "it has ended")
	require.False(t, b.useless(), "12 may find one")
	kept := a.hi
	require.Equal(t, []string{"14 12"}, joinOf(t, &a, &b, 14, true))
	require.Equal(t, kept, a.hi, "nothing will come to look for it")
	require.False(t, a.held(&b.joinProgress), "the other has ended")
	require.Empty(t, joinOf(t, &a, &b, 15, true))
	require.True(t, b.useless())
}

// The longest window has no end, also for times that are further apart than it is long.
func TestJoiningAnyTime(t *testing.T) {
	at := func(v int) time.Time { return time.Time{}.AddDate(v, 0, 0) }
	a, b := joinSide[int]{at: at}, joinSide[int]{at: at}
	pairs := 0
	for _, v := range []int{0, 1000, 2027} {
		require.True(t, matchPairs(&a, &b, v, true, math.MaxInt64, func(int, int) bool { pairs++; return true }))
		require.False(t, pairs > 0 && a.held(&b.joinProgress))
		require.True(t, matchPairs(&b, &a, v, true, math.MaxInt64, func(int, int) bool { pairs++; return true }))
	}
	require.Equal(t, 9, pairs)
}

func TestJoiningRefused(t *testing.T) {
	at := func(v int) time.Time { return time.Unix(int64(v), 0) }
	a, b := joinSide[int]{at: at}, joinSide[int]{at: at}
	joinOf(t, &a, &b, 1, true)
	joinOf(t, &a, &b, 1, true)
	seen := 0
	require.False(t, matchPairs(&b, &a, 1, true, 0, func(int, int) bool { seen++; return false }))
	require.Equal(t, 1, seen)
}
