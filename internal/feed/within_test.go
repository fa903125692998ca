package feed

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/alarm"
	"github.com/turbopipes/turbopipes/internal/run"
)

// within is a call of NextWithin: what it must return, and when.
type within struct {
	limit time.Duration
	v     int
	got   Got
	late  bool
	at    time.Duration
}

// calls checks the calls, of an upstream that emits an item at each of the times in
// ats, and then ends with err.
func calls(t *testing.T, ats []time.Duration, err error, wanted ...within) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var end error
		func() {
			f := OpenIntake(t.Context(), "test", run.Hooks[int]{}, func(_ context.Context, emit func(int) bool) error {
				for i, at := range ats {
					time.Sleep(at - time.Since(begin))
					emit(i + 1)
				}
				return err
			})
			defer f.Close(&end)
			clock := alarm.New()
			defer clock.Stop()
			for _, w := range wanted {
				v, got, late := f.NextWithin(clock, w.limit)
				require.Equal(t, w, within{w.limit, v, got, late, time.Since(begin)})
			}
		}()
		require.Equal(t, err, end)
	})
}

func TestNextWithin(t *testing.T) {
	const s = time.Second
	calls(t, []time.Duration{s, s, 3 * s}, nil,
		within{2 * s, 1, Item, false, s},
		within{1, 2, Item, false, s}, // it is there: no time passes
		within{s, 0, Alarm, true, 2 * s},
		within{2 * s, 3, Item, false, 3 * s}, // in time, although the last limit was earlier
		within{s, 0, Completed, false, 3 * s},
	)
	calls(t, []time.Duration{2 * s}, nil, // the alarm of the first call rings too early for the second
		within{s, 0, Alarm, true, s},
		within{9 * s, 1, Item, false, 2 * s},
		within{s, 0, Completed, false, 2 * s},
	)
	calls(t, []time.Duration{s, 5 * s}, nil,
		within{3 * s, 1, Item, false, s}, // leaves an alarm at 3 s
		within{3 * s, 0, Alarm, true, 4 * s},
		within{3 * s, 2, Item, false, 5 * s},
	)
	calls(t, nil, errBoom, within{s, 0, Ended, false, 0})
}

// An item that comes at the limit is late. If the clock was first, it comes with the
// next call.
func TestNextWithinAtTheLimit(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			var err error
			f := OpenIntake(t.Context(), "test", run.Hooks[int]{}, func(_ context.Context, emit func(int) bool) error {
				time.Sleep(time.Second)
				emit(7)
				return nil
			})
			defer f.Close(&err)
			clock := alarm.New()
			defer clock.Stop()
			v, got, late := f.NextWithin(clock, time.Second)
			require.True(t, late)
			if got == Alarm {
				v, got, late = f.NextWithin(clock, time.Second)
				require.False(t, late)
			}
			require.Equal(t, Item, got)
			require.Equal(t, 7, v)
		})
	}
}

// Waited tells an item that was there from one that was waited for.
func TestWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		f := OpenIntake(t.Context(), "test", run.Hooks[int]{}, func(_ context.Context, emit func(int) bool) error {
			time.Sleep(time.Second)
			emit(1)
			emit(2)
			return nil
		})
		defer f.Close(&err)
		f.Next(nil)
		require.True(t, f.Waited())
		synctest.Wait()
		f.Next(nil)
		require.False(t, f.Waited())
	})
}
