package operators

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/alarm"
)

// If the alarm is late, a slice is due after a few more items.
func TestTimedRunLooksAtTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := timedRun[int]{clock: alarm.New(), batch: timedBuffer[int]{d: time.Second, n: 1000}}
		defer r.clock.Stop()
		for i := range 10 {
			require.False(t, r.accept(i))
		}
		time.Sleep(time.Second) // nobody has heard the alarm
		more := 0
		for !r.accept(10 + more) {
			more++
			require.Less(t, more, lookEvery)
		}
		require.Len(t, r.out, 10+more)
		require.Equal(t, []int{10 + more}, r.batch.items)
	})
}
