package operators_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/alarm"
	"github.com/turbopipes/turbopipes/operators"
)

// arrivals is a stream: item i comes at times[i], and the end comes at the last time.
type arrivals []time.Duration

func (a arrivals) stream() turbopipes.Observable[int] {
	return turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
		begin := time.Now()
		for i, at := range a {
			if wait := at - time.Since(begin); wait > 0 {
				time.Sleep(wait)
			}
			if i < len(a)-1 && !emit(i) {
				break
			}
		}
		return context.Cause(ctx)
	})
}

// randomArrivals prefers the times around a deadline.
func randomArrivals(random *rand.Rand, span time.Duration) arrivals {
	lead := alarm.Lead(span)
	steps := []time.Duration{1, lead, span - lead - 1, span - lead, span - lead + 1, span - 1, span, span + 1, span / 2, 3 * span}
	var a arrivals
	at := time.Duration(0)
	for range 1 + random.IntN(120) {
		if random.IntN(3) == 0 {
			at += max(0, steps[random.IntN(len(steps))])
		}
		a = append(a, at)
	}
	return a
}

// timedSlice is a slice, and when it was emitted.
type timedSlice struct {
	items []int
	at    time.Duration
}

// perDeadline returns the slices of a if a slice ends at the time that deadline
// returns, at its n-th item, and at the end of a. An item at the deadline belongs to
// the next slice.
func perDeadline(a arrivals, n int, deadline func(first, last time.Duration) time.Duration) (all []timedSlice) {
	var s timedSlice
	var first, last time.Duration
	cut := func(at time.Duration) {
		s.at = at
		all, s = append(all, s), timedSlice{}
	}
	for i, at := range a {
		if len(s.items) > 0 && at >= deadline(first, last) {
			cut(deadline(first, last))
		}
		if i == len(a)-1 {
			if len(s.items) > 0 {
				cut(at)
			}
			break
		}
		if len(s.items) == 0 {
			first = at
		}
		last = at
		if s.items = append(s.items, i); len(s.items) == n {
			cut(at)
		}
	}
	return all
}

// For random times, often at a deadline or next to it: each slice has the items that
// came before its deadline, and is emitted at its deadline.
func TestDeadlinesOfBatches(t *testing.T) {
	const n = 40
	for name, c := range map[string]struct {
		op       func(span time.Duration) turbopipes.Operator[int, []int]
		n        int
		deadline func(span, first, last time.Duration) time.Duration
	}{
		"BufferWithTimeOrCount": {
			func(span time.Duration) turbopipes.Operator[int, []int] {
				return operators.BufferWithTimeOrCount[int](span, n)
			},
			n, func(span, first, _ time.Duration) time.Duration { return first + span },
		},
		"BufferWithTime": {
			func(span time.Duration) turbopipes.Operator[int, []int] {
				return operators.BufferWithTime[int](span)
			},
			0, func(span, first, _ time.Duration) time.Duration { return (first/span + 1) * span },
		},
		"SessionWindow": {
			func(span time.Duration) turbopipes.Operator[int, []int] {
				return operators.SessionWindow[int](span, operators.WithMaxItems(n))
			},
			n, func(span, _, last time.Duration) time.Duration { return last + span },
		},
		"SessionWindow with a longest time": {
			func(span time.Duration) turbopipes.Operator[int, []int] {
				return operators.SessionWindow[int](span, operators.WithMaxDuration(2*span))
			},
			0, func(span, first, last time.Duration) time.Duration { return min(last+span, first+2*span) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(300) {
				random := rand.New(rand.NewPCG(seed, 0))
				span := []time.Duration{1, 7, 100, time.Millisecond, time.Second}[random.IntN(5)]
				a := randomArrivals(random, span)
				bubble(t, "", func(t *testing.T) {
					begin := time.Now()
					var got []timedSlice
					require.NoError(t, c.op(span)(a.stream()).Each(t.Context(), func(items []int) error {
						got = append(got, timedSlice{items, time.Since(begin)})
						return nil
					}))
					require.Equal(t, perDeadline(a, c.n, func(first, last time.Duration) time.Duration {
						return c.deadline(span, first, last)
					}), got, "seed %d, span %v", seed, span)
				})
			}
		})
	}
}

// A slice that begins while the subscriber sleeps, without an alarm, is emitted in
// time, however long that was.
func TestDeadlineOfASliceThatBeginsLate(t *testing.T) {
	for name, op := range map[string]turbopipes.Operator[int, []int]{
		"BufferWithTimeOrCount": operators.BufferWithTimeOrCount[int](time.Second, 9),
		"SessionWindow":         operators.SessionWindow[int](time.Second),
	} {
		bubble(t, name, func(t *testing.T) {
			begin := time.Now()
			a := arrivals{0, 100 * time.Second, 100*time.Second + 1, time.Hour, 2 * time.Hour}
			var at []time.Duration
			require.NoError(t, op(a.stream()).Each(t.Context(), func([]int) error {
				at = append(at, time.Since(begin))
				return nil
			}))
			if name == "SessionWindow" {
				require.Equal(t, []time.Duration{time.Second, 101*time.Second + 1, time.Hour + time.Second}, at)
				return
			}
			require.Equal(t, []time.Duration{time.Second, 101 * time.Second, time.Hour + time.Second}, at)
		})
	}
}

// A time that is too far away to be counted never comes.
func TestDeadlinesThatNeverCome(t *testing.T) {
	const ever = time.Duration(1<<63 - 1)
	for name, op := range map[string]turbopipes.Operator[int, []int]{
		"BufferWithTimeOrCount": operators.BufferWithTimeOrCount[int](ever, 9),
		"BufferWithTime":        operators.BufferWithTime[int](ever),
		"SessionWindow":         operators.SessionWindow[int](ever, operators.WithMaxDuration(ever)),
		"Debounce":              turbopipes.Compose2(operators.Debounce[int](ever, operators.WithMaxWait(ever)), operators.BufferWithCount[int](9)),
		"Delay":                 turbopipes.Compose2(operators.Delay[int](ever), operators.BufferWithCount[int](9)),
		"KeepAlive":             turbopipes.Compose2(operators.KeepAlive(ever, func() int { return -1 }), operators.BufferWithCount[int](9)),
	} {
		bubble(t, name, func(t *testing.T) {
			a := arrivals{time.Second, 2 * time.Second, 3 * time.Second}
			all := op(operators.Concat(turbopipes.Never[int]())(a.stream())).Subscribe(t.Context(), turbopipes.Observer[[]int]{})
			time.Sleep(time.Hour)
			require.Zero(t, all.Stats().Delivered)
			all.Dispose()
		})
	}
}
