package alarm

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// rings returns how long it took until a was acted on. deadline returns a's
// deadline.
func rings(a *Alarm, deadline func() (time.Time, bool)) time.Duration {
	begin := time.Now()
	for {
		at, ok := deadline()
		a.Set(at, ok)
		if ok && !time.Now().Before(at) {
			return time.Since(begin)
		}
		<-a.C
		a.Heard()
	}
}

func TestAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New()
		defer a.Stop()
		at := time.Now().Add(time.Second)
		require.Equal(t, time.Second, rings(a, func() (time.Time, bool) { return at, true }))

		// Later than before: it rings early, and is set again.
		early, late := time.Now().Add(time.Second), time.Now().Add(time.Minute)
		a.Set(early, true)
		require.Equal(t, time.Minute, rings(a, func() (time.Time, bool) { return late, true }))

		// Earlier than before.
		a.Set(time.Now().Add(time.Hour), true)
		soon := time.Now().Add(time.Second)
		require.Equal(t, time.Second, rings(a, func() (time.Time, bool) { return soon, true }))

		never := New()
		defer never.Stop()
		never.Set(time.Now(), false)
		select {
		case <-never.C:
			t.Error("rang")
		case <-time.After(time.Minute):
		}
	})
}
