package tptest

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// A stream with a race would fail under -race, so this test calls the subscriber
// directly.
func TestEmitTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(&Scenario{TB: t}, &expectation{settings: settings{busy: Step}})
		j.runner = goroutineID()
		name := func(int) string { return "a" }
		second := make(chan error)
		go func() {
			synctest.Wait()
			second <- j.take(name)
		}()
		require.NoError(t, j.take(name))
		require.Equal(t, errLeft, <-second)
		require.Equal(t, []string{"emit was called from two goroutines at once"}, j.problems)
	})
}

func TestReaped(t *testing.T) {
	require.Empty(t, bubbleID())
	require.Empty(t, inBubble(""))
	mine, other := newMark(t.Name()), newMark(t.Name())
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		mine.do(t.Context(), func(context.Context) {
			go func() { go func() { <-end }() }() // inherited by grandchildren
		})
		synctest.Wait()
		require.Len(t, mine.alive(), 1)
		require.Contains(t, mine.alive()[0], "job_test.go:")
		require.Empty(t, other.alive())
		require.NotEmpty(t, inBubble(bubbleID()))
		close(end)
		require.Empty(t, mine.left())
	})
}
