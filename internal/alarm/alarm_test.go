package alarm

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// rings returns how long it took until a was acted on.
func rings(a *Alarm, deadline time.Duration) time.Duration {
	begin := a.Now()
	for {
		a.Set(deadline, true)
		if a.Now() >= deadline {
			return a.Now() - begin
		}
		<-a.C
		a.Heard()
	}
}

func TestAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New()
		defer a.Stop()
		require.Equal(t, time.Second, rings(a, a.Now()+time.Second))

		// Later than before: it rings early, and is set again.
		a.Set(a.Now()+time.Second, true)
		require.Equal(t, time.Minute, rings(a, a.Now()+time.Minute))

		// Earlier than before.
		a.Set(a.Now()+time.Hour, true)
		require.Equal(t, time.Second, rings(a, a.Now()+time.Second))

		// At once.
		require.Zero(t, rings(a, a.Now()))
		a.Set(0, true)
		<-a.C
		a.Heard()

		never := New()
		defer never.Stop()
		never.Set(0, false)
		select {
		case <-never.C:
			t.Error("rang")
		case <-time.After(time.Minute):
		}
	})
}

func TestAlarmSetEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New()
		defer a.Stop()
		require.False(t, a.SetEarly(0, 1, false))
		require.False(t, a.SetEarly(time.Second, time.Millisecond, true))
		<-a.C
		a.Heard()
		require.Equal(t, time.Second-time.Millisecond, a.Now())
		require.True(t, a.SetEarly(time.Second, time.Millisecond, true))
		<-a.C
		a.Heard()
		require.Equal(t, time.Second, a.Now())
		require.True(t, a.SetEarly(time.Second, time.Millisecond, true), "it is over")
	})
	require.Equal(t, time.Duration(1), Lead(1))
	require.Equal(t, time.Duration(100), Lead(800))
	require.Equal(t, time.Millisecond, Lead(time.Hour))
}

func TestAfter(t *testing.T) {
	require.Equal(t, time.Duration(5), After(2, 3))
	require.Equal(t, time.Duration(math.MaxInt64), After(1, math.MaxInt64-1))
	require.Equal(t, time.Duration(math.MaxInt64), After(2, math.MaxInt64-1))
	require.Equal(t, time.Duration(math.MaxInt64), After(math.MaxInt64, math.MaxInt64))
}
