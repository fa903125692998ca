package operators_test

import (
	"cmp"
	"context"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// A slice of three on which a function of the user's panics counts as three failed items.
func TestFailedCountsTheItemsOfASlice(t *testing.T) {
	type ints = turbopipes.Observable[[]int]
	now := time.Unix(1000, 0)
	boom := func([]int) int { panic(errBoom) }
	inner := func([]int) turbopipes.Observable[int] { panic(errBoom) }
	silent := operators.Concat(turbopipes.Never[int]())(turbopipes.Just(0))
	for name, c := range map[string]struct {
		run    func(ctx context.Context, in ints) *turbopipes.Subscription
		failed int64
	}{
		"Map":                        {subscribing(operators.Map(boom)), 3},
		"Filter":                     {subscribing(operators.Filter(func([]int) bool { panic(errBoom) })), 3},
		"FlatMapSeq":                 {subscribing(operators.FlatMapSeq(func([]int) iter.Seq[int] { panic(errBoom) })), 3},
		"FlatMapSeq, a nil iterator": {subscribing(operators.FlatMapSeq(func([]int) iter.Seq[int] { return nil })), 3},
		"FlatMap":                    {subscribing(operators.FlatMap(2, inner)), 3},
		"ConcatMap":                  {subscribing(operators.ConcatMap(inner)), 3},
		"SwitchMap":                  {subscribing(operators.SwitchMap(inner)), 3},
		"ExhaustMap":                 {subscribing(operators.ExhaustMap(inner)), 3},
		"DelayWhen":                  {subscribing(operators.DelayWhen(inner)), 3},
		"GroupBy":                    {subscribing(operators.GroupBy(boom)), 3},
		"GroupByN":                   {subscribing(operators.GroupByN(2, boom)), 3},
		"ParallelBy":                 {subscribing(operators.ParallelBy(2, boom, func(context.Context, []int) (int, error) { return 0, nil })), 3},
		"WithLatestFrom": {subscribing(func(in ints) turbopipes.Observable[int] {
			late := operators.DelaySubscription[[]int](time.Second)(in)
			return operators.WithLatestFrom(silent, func([]int, int) int { panic(errBoom) })(late)
		}), 3},
		"CombineLatest": {subscribing(func(in ints) turbopipes.Observable[int] {
			late := operators.DelaySubscription[[]int](time.Second)(in)
			return operators.CombineLatest(silent, func([]int, int) int { panic(errBoom) })(late)
		}), 3},
		"Join": {subscribing(func(in ints) turbopipes.Observable[int] {
			late := operators.DelaySubscription[[]int](time.Second)(in)
			return operators.Join(silent, time.Hour, func([]int) time.Time { return now }, func(int) time.Time { return now }, func([]int, int) int { panic(errBoom) })(late)
		}), 3},
		"Zip": {subscribing(operators.Zip(silent, func([]int, int) int { panic(errBoom) })), 4},
		"SequenceEqual": {subscribing(func(in ints) turbopipes.Observable[bool] {
			return operators.SequenceEqual(in, func(a, b []int) bool { panic(errBoom) })(in)
		}), 6},
	} {
		bubble(t, name, func(t *testing.T) {
			threes := operators.BufferWithCount[int](3)(operators.Concat(turbopipes.Never[int]())(turbopipes.Range(0, 3)))
			s := c.run(t.Context(), threes)
			<-s.Done()
			require.Error(t, s.Err())
			require.Equal(t, c.failed, s.Stats().Failed)
		})
	}
}

func subscribing[T, R any](op func(turbopipes.Observable[T]) turbopipes.Observable[R]) func(context.Context, turbopipes.Observable[T]) *turbopipes.Subscription {
	return func(ctx context.Context, in turbopipes.Observable[T]) *turbopipes.Subscription {
		return op(in).Subscribe(ctx, turbopipes.Observer[R]{Error: func(error) {}})
	}
}

// An item whose silent stream is replaced does not count as failed.
func TestSwitchMapCountsNoSwitch(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		op := operators.SwitchMap(func(v int) turbopipes.Observable[int] {
			if v < 2 {
				return turbopipes.Never[int]()
			}
			return turbopipes.Just(v)
		})
		spaced := operators.ConcatMap(func(v int) turbopipes.Observable[int] {
			return operators.Map(func(int) int { return v })(turbopipes.Timer(time.Second))
		})(turbopipes.Range(0, 3))
		s := op(spaced).Subscribe(t.Context(), turbopipes.Observer[int]{})
		require.NoError(t, s.Wait())
		require.Equal(t, turbopipes.Stats{Delivered: 1}, s.Stats())
	})
}

// Partition lets the groups go that it leaves out, as Filter does.
func TestPartitionLetsGo(t *testing.T) {
	type group = turbopipes.Group[int, int]
	bubble(t, "", func(t *testing.T) {
		groups := operators.GroupBy(func(v int) int { return v % 2 })(turbopipes.Range(0, 2000))
		even, _ := operators.Partition(groups, func(g group) bool { return g.Key == 0 })
		s := operators.FlatMap(2, func(g group) turbopipes.Observable[int] { return g.Items })(even).Subscribe(t.Context(), turbopipes.Observer[int]{})
		require.NoError(t, s.Wait())
		require.Equal(t, turbopipes.Stats{Delivered: 1000, Discarded: 1000}, s.Stats())
	})
	bubble(t, "a panic", func(t *testing.T) {
		match, _ := operators.Partition(turbopipes.Just(1), func(int) bool { panic(errBoom) })
		s := match.Subscribe(t.Context(), turbopipes.Observer[int]{Error: func(error) {}})
		<-s.Done()
		require.EqualValues(t, 1, s.Stats().Failed)
	})
}

// SequenceEqual counts the waiting items when ctx ends after one side has completed.
func TestSequenceEqualAccountsAtACut(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		other := turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
			<-ctx.Done()
			emit(1) // it was on its way
			return context.Cause(ctx)
		})
		s := operators.SequenceEqual(other, func(a, b int) bool { return a == b })(turbopipes.Empty[int]()).Subscribe(t.Context(), turbopipes.Observer[bool]{})
		time.Sleep(time.Second)
		s.Dispose()
		require.Equal(t, turbopipes.Stats{Discarded: 1}, s.Stats())
	})
}

// If ctx ends while an item is put into its windows, the item is counted once.
func TestEventTimeWindowCutInItsWindows(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		at := func(int) time.Time { cancel(errLate); return time.Unix(1000, 0) }
		op := operators.EventTimeWindow(100*time.Second, at, operators.WithSlide[int](time.Second))
		s := op(turbopipes.Just(1)).Subscribe(ctx, turbopipes.Observer[turbopipes.TimeWindow[int]]{})
		<-s.Done()
		require.Equal(t, turbopipes.Stats{Discarded: 1}, s.Stats())
	})
}

// With StopInner, the inner streams count their items themselves, as without it.
func TestStopInnerCountsApart(t *testing.T) {
	failing := func(int) turbopipes.Observable[int] {
		return operators.TryMap(func(context.Context, int) (int, error) { return 0, errBoom })(turbopipes.Just(1))
	}
	for name, op := range flatteningAll(failing, true) {
		if name == "DelayWhen" || name == "Expand" {
			continue // the item itself is delivered, or not the stream's to lose
		}
		bubble(t, name, func(t *testing.T) {
			s := op(turbopipes.Just(1)).Subscribe(t.Context(), turbopipes.Observer[int]{Error: func(error) {}})
			<-s.Done()
			require.ErrorIs(t, s.Err(), errBoom)
			require.EqualValues(t, 1, s.Stats().Failed)
		})
	}
	bubble(t, "a drop elsewhere", func(t *testing.T) {
		gate := make(chan struct{})
		op := operators.ConcatMap(func(int) turbopipes.Observable[int] {
			return turbopipes.Create(func(context.Context, func(int) bool) error { <-gate; return errBoom })
		}, operators.StopInner())
		in := operators.OnBackpressureDrop[int]()(turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			for i := range 5 {
				emit(i)
				time.Sleep(time.Second)
			}
			close(gate)
			return nil
		}))
		s := op(in).Subscribe(t.Context(), turbopipes.Observer[int]{Error: func(error) {}})
		<-s.Done()
		stats := s.Stats()
		require.EqualValues(t, 1, stats.Failed)
		require.EqualValues(t, 5, stats.Dropped+stats.Discarded+stats.Failed)
	})
}

// After a stop that reaches it, ExhaustMap lets the groups go that it does not run.
func TestExhaustMapStopsOverGroups(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		hold := make(chan struct{})
		groups := operators.GroupBy(func(v int) int { return v })(operators.ObserveOn[int](turbopipes.WithQueue(2000))(
			operators.FlatMap(1, func(v int) turbopipes.Observable[int] { return operators.Repeat[int](300)(turbopipes.Just(v)) })(turbopipes.Range(0, 3))))
		op := operators.ExhaustMap(func(g turbopipes.Group[int, int]) turbopipes.Observable[int] { return g.Items }, operators.StopInner())
		s := op(groups).Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(int) { <-hold }})
		time.Sleep(time.Second)
		time.AfterFunc(time.Second, func() { close(hold) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, s.Stop(ctx))
	})
}

// After a stop has reached DelayWhen, it begins no stream, with every overflow strategy.
func TestDelayWhenBeginsNothingAfterAStop(t *testing.T) {
	for _, overflow := range []turbopipes.Overflow{turbopipes.Block, turbopipes.DropNewest, turbopipes.Fail} {
		bubble(t, "", func(t *testing.T) {
			begun := 0
			op := operators.DelayWhen(func(int) turbopipes.Observable[int] { begun++; return turbopipes.Just(1) },
				operators.StopInner(), turbopipes.WithOverflow(overflow))
			late := operators.Sort(cmp.Compare[int])(operators.Concat(turbopipes.Never[int]())(turbopipes.Range(0, 10)))
			s := op(late).Subscribe(t.Context(), turbopipes.Observer[int]{})
			time.Sleep(time.Second)
			require.NoError(t, s.Stop(t.Context()))
			require.Zero(t, begun)
			require.EqualValues(t, 10, s.Stats().Discarded)
		})
	}
}
