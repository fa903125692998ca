package operators

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
)

var errAgain = errors.New("again")

// attempts makes the state of a Retry that began at the epoch.
func attempts(t *testing.T, count int, opts ...RetryOption) *retry {
	t.Helper()
	o, bad := retryOptionsOf(count, opts)
	require.Empty(t, bad)
	return &retry{retryOptions: o, began: time.Unix(0, 0)}
}

// fails returns the decision about a failure that comes this long after the beginning.
func (r *retry) fails(after time.Duration) (wait time.Duration, again bool) {
	return r.failed(errAgain, r.began.Add(after))
}

func TestRetryCounts(t *testing.T) {
	for count := range 3 {
		r := attempts(t, count)
		for range count {
			_, again := r.fails(0)
			require.True(t, again)
		}
		_, again := r.fails(0)
		require.False(t, again, "after %d", count)
	}
	r := attempts(t, turbopipes.Infinite)
	for range 1000 {
		_, again := r.fails(0)
		require.True(t, again)
	}
}

func TestRetryResets(t *testing.T) {
	r := attempts(t, 1, ResetOnItem(), WithBackoff(func(attempt int, _ error) time.Duration { return time.Duration(attempt) }))
	for range 5 {
		r.item()
		r.item()
		wait, again := r.fails(0)
		require.True(t, again)
		require.EqualValues(t, 1, wait, "the back-off begins anew")
	}
	_, again := r.fails(0)
	require.False(t, again)

	r = attempts(t, 1)
	r.item()
	_, again = r.fails(0)
	require.True(t, again)
	r.item()
	_, again = r.fails(0)
	require.False(t, again, "without the option an item counts for nothing")
}

func TestRetryWaits(t *testing.T) {
	var seen []int
	r := attempts(t, 3, WithBackoff(func(attempt int, err error) time.Duration {
		require.Equal(t, errAgain, err)
		seen = append(seen, attempt)
		return time.Duration(2-attempt) * time.Second
	}))
	for _, want := range []time.Duration{time.Second, 0, 0} { // never less than nothing
		wait, again := r.fails(0)
		require.True(t, again)
		require.Equal(t, want, wait)
	}
	require.Equal(t, []int{1, 2, 3}, seen)
}

func TestRetryMaxElapsed(t *testing.T) {
	opts := []RetryOption{WithBackoff(Constant(time.Second)), WithMaxElapsed(10 * time.Second)}
	r := attempts(t, turbopipes.Infinite, opts...)
	_, again := r.fails(9 * time.Second)
	require.True(t, again, "it begins at the limit")
	r.item()
	_, again = r.fails(9*time.Second + 1)
	require.False(t, again, "it would begin after it; without ResetOnItem an item resets nothing")

	r = attempts(t, turbopipes.Infinite, append(opts, ResetOnItem())...)
	begin := r.began
	fails := func(after time.Duration) bool {
		_, again := r.failed(errAgain, begin.Add(after))
		return again
	}
	r.item()
	require.True(t, fails(time.Hour), "the time begins anew with the failure of a run that has emitted")
	require.True(t, fails(time.Hour+9*time.Second))
	require.False(t, fails(time.Hour+9*time.Second+1), "of the last one that has")
	r.item()
	require.True(t, fails(2*time.Hour))
	require.True(t, fails(2*time.Hour+9*time.Second))
}

func TestRetryTells(t *testing.T) {
	type call struct {
		attempt int
		wait    time.Duration
	}
	var calls []call
	r := attempts(t, 2, WithBackoff(Exponential(time.Second, time.Minute, 2)), OnRetry(func(attempt int, err error, wait time.Duration) {
		require.Equal(t, errAgain, err)
		calls = append(calls, call{attempt, wait})
	}))
	for range 3 {
		r.fails(0)
	}
	require.Equal(t, []call{{1, time.Second}, {2, 2 * time.Second}}, calls, "not for the one that is not retried")
}

func TestExponential(t *testing.T) {
	backoff := Exponential(100*time.Millisecond, time.Second, 3)
	for i, want := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, 900 * time.Millisecond, time.Second, time.Second} {
		require.Equal(t, want, backoff(i+1, nil))
	}
	require.Equal(t, time.Second, backoff(100_000, nil), "past the greatest number")
	for name, c := range map[string]struct {
		first, most time.Duration
		factor      float64
		want        [3]time.Duration // of the attempts 1, 2 and 100,000
	}{
		"a first of 0":        {0, time.Second, 2, [3]time.Duration{}},
		"of 0, without most":  {0, math.MaxInt64, math.Inf(1), [3]time.Duration{}},
		"a negative first":    {-time.Second, time.Second, 2, [3]time.Duration{}},
		"a most of 0":         {time.Second, 0, 2, [3]time.Duration{}},
		"a negative most":     {time.Second, -time.Second, 2, [3]time.Duration{}},
		"a first over most":   {time.Minute, time.Second, 2, [3]time.Duration{time.Second, time.Second, time.Second}},
		"a factor of 1":       {time.Second, time.Minute, 1, [3]time.Duration{time.Second, time.Second, time.Second}},
		"a factor of 0":       {time.Second, time.Minute, 0, [3]time.Duration{time.Second}},
		"a factor below 1":    {time.Second, time.Minute, 0.5, [3]time.Duration{time.Second, time.Second / 2}},
		"a negative factor":   {time.Second, time.Minute, -2, [3]time.Duration{time.Second}},
		"an infinite factor":  {time.Second, time.Minute, math.Inf(1), [3]time.Duration{time.Second, time.Minute, time.Minute}},
		"a factor of NaN":     {time.Second, time.Minute, math.NaN(), [3]time.Duration{time.Second, time.Minute, time.Minute}},
		"the longest of all":  {math.MaxInt64, math.MaxInt64, 2, [3]time.Duration{math.MaxInt64, math.MaxInt64, math.MaxInt64}},
		"growing without end": {1, math.MaxInt64, 2, [3]time.Duration{1, 2, math.MaxInt64}},
	} {
		t.Run(name, func(t *testing.T) {
			backoff := Exponential(c.first, c.most, c.factor)
			require.Equal(t, c.want, [3]time.Duration{backoff(1, nil), backoff(2, nil), backoff(100_000, nil)})
		})
	}
}

func TestJittered(t *testing.T) {
	low, high := time.Hour, time.Duration(0)
	for range 1000 {
		d := jittered(time.Second, 0.5)
		low, high = min(low, d), max(high, d)
	}
	require.InDelta(t, 500*time.Millisecond, low, float64(50*time.Millisecond))
	require.InDelta(t, 1500*time.Millisecond, high, float64(50*time.Millisecond))
	require.GreaterOrEqual(t, low, 500*time.Millisecond)
	require.LessOrEqual(t, high, 1500*time.Millisecond)
	require.Equal(t, time.Second, jittered(time.Second, 0))
	for range 100 {
		require.GreaterOrEqual(t, jittered(math.MaxInt64, 0.5), time.Duration(math.MaxInt64/2), "past the greatest number")
	}
	require.Equal(t, time.Duration(math.MaxInt64), scaleDuration(math.MaxInt64, 1))
	require.Equal(t, time.Duration(math.MaxInt64), scaleDuration(math.MaxInt64, 2))
	require.Zero(t, scaleDuration(math.MaxInt64, 0))
	require.Equal(t, -2*time.Second, scaleDuration(-time.Second, 2), "no wait, as without a spread")
}
