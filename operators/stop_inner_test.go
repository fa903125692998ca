package operators_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// flatteningAll are the operators with inner streams, over an upstream of numbers. fn makes
// the inner streams.
func flatteningAll(fn func(int) turbopipes.Observable[int], stop bool) map[string]turbopipes.Operator[int, int] {
	var flat []operators.FlatMapOption
	var inner []operators.InnerOption
	var when []operators.DelayWhenOption
	var expand []operators.ExpandOption
	if stop {
		flat, inner = append(flat, operators.StopInner()), append(inner, operators.StopInner())
		when, expand = append(when, operators.StopInner()), append(expand, operators.StopInner())
	}
	streams := operators.Map(fn)
	return map[string]turbopipes.Operator[int, int]{
		"FlatMap":    operators.FlatMap(3, fn, flat...),
		"FlatMap, 1": operators.FlatMap(1, fn, flat...),
		"Flatten":    turbopipes.Compose2(streams, operators.Flatten[int](2, flat...)),
		"ConcatMap":  operators.ConcatMap(fn, inner...),
		"SwitchMap":  operators.SwitchMap(fn, inner...),
		"SwitchAll":  turbopipes.Compose2(streams, operators.SwitchAll[int](inner...)),
		"ExhaustMap": operators.ExhaustMap(fn, inner...),
		"DelayWhen":  operators.DelayWhen(func(v int) turbopipes.Observable[int] { return operators.IgnoreElements[int]()(fn(v)) }, when...),
		"Expand":     operators.Expand(2, fn, expand...),
	}
}

// A graceful stop reaches endless inner streams with StopInner, and not without.
func TestStopInner(t *testing.T) {
	endless := func(int) turbopipes.Observable[int] { return turbopipes.Interval(time.Second) }
	for _, reaches := range []bool{true, false} {
		for name, op := range flatteningAll(endless, reaches) {
			bubble(t, fmt.Sprint(name, ", ", reaches), func(t *testing.T) {
				upstream := operators.Concat(turbopipes.Never[int]())(turbopipes.Range(0, 2))
				var errs []error
				s := op(upstream).Subscribe(t.Context(), turbopipes.Observer[int]{Error: func(err error) { errs = append(errs, err) }})
				time.Sleep(10*time.Second + time.Millisecond)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				begin := time.Now()
				err := s.Stop(ctx)
				require.Empty(t, errs)
				if reaches {
					require.NoError(t, err)
					require.Zero(t, time.Since(begin))
				} else {
					require.ErrorIs(t, err, context.DeadlineExceeded, "it was disposed of")
				}
			})
		}
	}
}

// A stop that reaches the streams for which items wait delivers the items.
func TestStopInnerLetsDelayedItemsOut(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		op := operators.DelayWhen(func(int) turbopipes.Observable[int] { return turbopipes.Timer(time.Hour) }, operators.StopInner())
		var got []int
		s := op(turbopipes.Range(0, 3)).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) { got = append(got, v) }})
		time.Sleep(time.Minute)
		begin := time.Now()
		require.NoError(t, s.Stop(t.Context()))
		require.Zero(t, time.Since(begin))
		require.ElementsMatch(t, []int{0, 1, 2}, got)
		require.Equal(t, turbopipes.Stats{Delivered: 3}, s.Stats())
	})
}

// At a cut, Expand reports the items that wait for downstream. It does not report items
// that were emitted and wait for their stream.
func TestExpandReportsWhatWaits(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var lost []any
		var got []int
		op := operators.Expand(1, func(int) turbopipes.Observable[int] { return turbopipes.Just(10, 11, 12) },
			turbopipes.OnDiscard(func(item any) { lost = append(lost, item) }))
		two := operators.Take[int](2)(turbopipes.Interval(time.Second))
		s := op(two).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) {
			if got = append(got, v); v == 11 {
				time.Sleep(5 * time.Second) // 12 waits, and so does 1, which comes meanwhile
			}
		}})
		time.Sleep(3 * time.Second)
		s.Dispose()
		require.Equal(t, []int{0, 10, 11}, got)
		require.ElementsMatch(t, []any{1, 12}, lost)
		require.Equal(t, turbopipes.Stats{Delivered: 3, Discarded: 2}, s.Stats())
	})
}

// No inner stream begins after the stop: the item in hand is discarded and counted.
func TestStopInnerBeginsNothing(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		begun := 0
		fn := func(int) turbopipes.Observable[int] {
			begun++
			return turbopipes.Just(1)
		}
		late := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
			<-ctx.Done()
			emit(1) // it was in hand
			return nil
		})
		s := endedBy(t, operators.FlatMap(2, fn, operators.StopInner())(late), 0, time.Second, stop)
		require.NoError(t, s.err)
		require.Zero(t, begun)
		require.EqualValues(t, 1, s.stats.Discarded)
		s = endedBy(t, operators.FlatMap(2, fn)(late), 0, time.Second, stop)
		require.NoError(t, s.err)
		require.Equal(t, []int{1}, s.items, "without StopInner nothing is lost")
	})
}

// A crawler made of Expand begins no new page after the stop.
func TestExpandStops(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		pages := func(v int) turbopipes.Observable[int] {
			return operators.Map(func(i int) int { return 2*v + i })(operators.Take[int](2)(turbopipes.Interval(time.Second)))
		}
		s := endedBy(t, operators.Expand(2, pages)(turbopipes.Just(1)), 0, 5500*time.Millisecond, stop)
		require.NoError(t, s.err)
		require.True(t, s.completed)
		require.Less(t, s.took, 8*time.Second)
		require.Zero(t, s.stats.Discarded)
	})
}

// StopRequested sees a stop through shields, and through the consuming calls within.
func TestStopRequested(t *testing.T) {
	bubble(t, "a task", func(t *testing.T) {
		task := func(ctx context.Context, v int) (int, error) {
			<-turbopipes.StopRequested(ctx)
			return v, nil
		}
		s := endedBy(t, operators.Parallel(2, task)(turbopipes.Range(0, 2)), 0, time.Second, stop)
		require.NoError(t, s.err)
		require.Len(t, s.items, 2)
	})
	bubble(t, "a pipeline in a task", func(t *testing.T) {
		task := func(ctx context.Context, v int) (int, error) {
			err := turbopipes.Interval(time.Second).Each(ctx, func(int) error {
				select {
				case <-turbopipes.StopRequested(ctx):
					return errLate
				default:
					return nil
				}
			})
			require.ErrorIs(t, err, errLate)
			return v, nil
		}
		s := endedBy(t, operators.Parallel(2, task)(turbopipes.Range(0, 2)), 0, 3500*time.Millisecond, stop)
		require.NoError(t, s.err)
		require.Len(t, s.items, 2)
	})
	bubble(t, "a subscription in a subscription", func(t *testing.T) {
		closed := make(chan struct{})
		outer := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
			inner := turbopipes.Create(func(ctx context.Context, _ func(int) bool) error {
				<-turbopipes.StopRequested(ctx)
				close(closed)
				return nil
			}).Subscribe(turbopipes.Shield(ctx), turbopipes.Observer[int]{})
			return inner.Wait()
		}).Subscribe(t.Context(), turbopipes.Observer[int]{Error: func(error) {}})
		synctest.Wait()
		_ = outer.Stop(t.Context())
		<-closed
	})
	require.Nil(t, turbopipes.StopRequested(t.Context()))
}

// A group or a window that its inner stream never reads does not hold upstream.
func TestUnreadGroups(t *testing.T) {
	type ints = turbopipes.Observable[int]
	none := func(o ints) ints { return operators.Take[int](0)(o) }
	odd := func(g turbopipes.Group[int, int]) bool { return g.Key%2 == 1 }
	items := func(g turbopipes.Group[int, int]) ints { return g.Items }
	groups := operators.GroupBy(func(v int) int { return v % 4 }, turbopipes.WithQueue(2))
	for name, op := range map[string]turbopipes.Operator[int, int]{
		"GroupBy | FlatMap(Take(0))": turbopipes.Compose2(groups, operators.FlatMap(turbopipes.Infinite, func(g turbopipes.Group[int, int]) ints { return none(g.Items) })),
		"GroupBy | Filter | FlatMap": turbopipes.Compose3(groups, operators.Filter(odd), operators.FlatMap(turbopipes.Infinite, items)),
		"GroupBy | LetGo": turbopipes.Compose2(groups, operators.FlatMap(turbopipes.Infinite, func(g turbopipes.Group[int, int]) ints {
			g.LetGo()
			return turbopipes.Empty[int]()
		})),
		"WindowWithCount | ConcatMap": turbopipes.Compose2(operators.WindowWithCount[int](5, turbopipes.WithQueue(2)), operators.ConcatMap(none)),
		"WindowWithCount | SwitchMap": turbopipes.Compose2(operators.WindowWithCount[int](5, turbopipes.WithQueue(2)), operators.SwitchMap(none)),
	} {
		bubble(t, name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			require.NoError(t, op(turbopipes.Range(0, 1000)).Drain(ctx))
		})
	}
	bubble(t, "a group that was left does not count for WithMaxGroups", func(t *testing.T) {
		op := turbopipes.Compose2(operators.GroupBy(func(v int) int { return v }, operators.WithMaxGroups(2)),
			operators.ConcatMap(func(g turbopipes.Group[int, int]) ints { return operators.Take[int](1)(g.Items) }))
		slow := operators.Map(func(v int) int { time.Sleep(time.Second); return v })
		all, err := op(slow(turbopipes.Range(0, 10))).Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 10)
	})
}
