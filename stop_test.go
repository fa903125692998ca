package turbopipes_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func TestStopFlushes(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a alive
		var got [][]int
		completed := 0
		s := operators.BufferWithCount[int](4)(a.ticks(time.Millisecond)).Subscribe(t.Context(), tp.Observer[[]int]{
			Next: func(b []int) { got = append(got, b) }, Complete: func() { completed++ }, Error: func(error) { t.Error("Error") },
		})
		time.Sleep(10*time.Millisecond + time.Microsecond)
		require.NoError(t, s.Stop(t.Context()))
		require.Equal(t, [][]int{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}}, got)
		require.Equal(t, 1, completed)
		require.NoError(t, s.Stop(t.Context()), "again")
		a.requireReaped(t)
	})
}

// A stop does not cut short streams that run for an item: a truncated inner stream
// would look complete.
func TestStopSparesInnerStreams(t *testing.T) {
	inner := func() tp.Observable[int] {
		return operators.TryMap(func(_ context.Context, v int) (int, error) { time.Sleep(time.Second); return v, nil })(tp.Range(0, 5))
	}
	count := func(ctx context.Context, _ int) (int, error) {
		n := 0
		err := inner().Each(ctx, func(int) error { n++; return nil })
		return n, err
	}
	countByPush := func(ctx context.Context, _ int) (int, error) {
		n := 0
		err := inner().Push(ctx, func(int) bool { n++; return true })
		return n, err
	}
	stream := func(int) tp.Observable[int] {
		return operators.Reduce(0, func(n, _ int) int { return n + 1 })(inner())
	}
	endless := tp.Range(0, math.MaxInt)
	for name, o := range map[string]tp.Observable[int]{
		"a task":          operators.Parallel(3, count)(endless),
		"a task, by Push": operators.Parallel(3, countByPush)(endless),
		"TryMap":          operators.TryMap(countByPush)(endless),
		"FlatMap":         operators.FlatMap(3, stream)(endless),
		"ConcatMap":       operators.ConcatMap(stream)(endless),
		"SwitchMap":       operators.SwitchMap(stream)(operators.Concat(tp.Never[int]())(tp.Just(1))),
		"Defer's own": tp.Defer(func(ctx context.Context) (tp.Observable[int], error) {
			n, err := countByPush(ctx, 0)
			return tp.Just(n), err
		}),
	} {
		bubble(t, name, func(t *testing.T) {
			var got []int
			s := o.Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) { got = append(got, v) }})
			time.Sleep(2500 * time.Millisecond)
			require.NoError(t, s.Stop(t.Context()))
			if name != "Defer's own" { // there the inner stream completes without a call
				require.NotEmpty(t, got)
			}
			for _, n := range got {
				require.Equal(t, 5, n)
			}
		})
	}
}

func TestStopPassesThrough(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var started, done atomic.Int64
		var released atomic.Bool
		work := operators.Parallel(3, func(ctx context.Context, v int) (int, error) {
			started.Add(1)
			select {
			case <-time.After(time.Second):
				return v, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		})
		using := tp.Using(func(context.Context) (int, error) { return 0, nil },
			func(int) tp.Observable[int] { return work(tp.Range(0, math.MaxInt)) },
			func(int) error { released.Store(true); return nil })
		deferred := tp.Defer(func(context.Context) (tp.Observable[int], error) { return using, nil })
		o := operators.Merge(using, tp.Never[int]())(operators.Concat(tp.Never[int]())(deferred))
		s := o.Subscribe(t.Context(), tp.Observer[int]{Next: func(int) { done.Add(1) }})
		time.Sleep(10*time.Second + time.Millisecond)
		require.NoError(t, s.Stop(t.Context()))
		require.Equal(t, started.Load(), done.Load())
		require.True(t, released.Load())
	})
}

func TestStopBeginsNothingNew(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		runs := 0
		failing := tp.Create(func(context.Context, func(int) bool) error { runs++; return errBoom })
		s := operators.Retry[int](tp.Infinite, operators.WithBackoff(operators.Constant(time.Hour)))(failing).Subscribe(t.Context(), tp.Observer[int]{})
		time.Sleep(time.Second)
		begin := time.Now()
		require.Equal(t, errBoom, s.Stop(t.Context()))
		require.Equal(t, 1, runs)
		require.Zero(t, time.Since(begin), "the wait has ended")

		late := tp.Create(func(ctx context.Context, _ func(int) bool) error { <-ctx.Done(); return errBoom })
		s = operators.Catch(func(error) tp.Observable[int] { t.Error("handled"); return tp.Just(1) })(late).Subscribe(t.Context(), tp.Observer[int]{})
		synctest.Wait()
		require.Equal(t, errBoom, s.Stop(t.Context()))

		// A source that has not begun completes without a call.
		s = operators.Concat(tp.Create(func(context.Context, func(int) bool) error { t.Error("called"); return nil }))(tp.Never[int]()).Subscribe(t.Context(), tp.Observer[int]{})
		synctest.Wait()
		require.NoError(t, s.Stop(t.Context()))
	})
}

// At a stop, the item that a source has in hand is delivered, and then the source is
// asked to stop.
func TestStopDeliversTheItemInHand(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		taken := 0
		src := tp.Create(func(_ context.Context, emit func(int) bool) error {
			for {
				taken++
				time.Sleep(time.Second)
				if !emit(taken) {
					return nil
				}
			}
		})
		var got []int
		s := src.Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) { got = append(got, v) }})
		time.Sleep(2500 * time.Millisecond)
		require.NoError(t, s.Stop(t.Context()))
		require.Equal(t, []int{1, 2, 3}, got)
		require.Equal(t, 3, taken)
	})
}

// Sources that never wait by themselves see a stop after the item in hand, also where
// downstream swallows the items.
func TestStopEndsReadySources(t *testing.T) {
	all := make([]int, 1000)
	for name, o := range map[string]tp.Observable[int]{
		"Just": tp.Just(all...), "FromSlice": tp.FromSlice(all), "Range": tp.Range(0, 1000),
	} {
		bubble(t, name, func(t *testing.T) {
			items, completed := 0, false
			slow := operators.Filter(func(int) bool { items++; time.Sleep(time.Second); return false })(o)
			s := slow.Subscribe(t.Context(), tp.Observer[int]{Complete: func() { completed = true }})
			time.Sleep(2500 * time.Millisecond)
			require.NoError(t, s.Stop(t.Context()))
			require.Equal(t, 3, items)
			require.True(t, completed)
		})
	}
	bubble(t, "ctx ends", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(2500*time.Millisecond, func() { cancel(errBoom) })
		items := 0
		slow := operators.Filter(func(int) bool { items++; time.Sleep(time.Second); return false })(tp.Just(all...))
		require.Equal(t, errBoom, slow.Drain(ctx))
		require.Equal(t, 64, items, "ctx is looked at once in 64 items")
		for _, o := range []tp.Observable[int]{tp.Just(1), tp.Range(0, 1), tp.Empty[int](), tp.Throw[int](errLate)} {
			require.Equal(t, errBoom, o.Drain(ctx), "it is not begun")
		}
	})
}

// docs/faults.md, row 24
func TestStopEndsOtherwise(t *testing.T) {
	bubble(t, "its ctx ends first", func(t *testing.T) {
		var a alive
		s := operators.Parallel(3, a.blocked)(a.ticks(time.Millisecond)).Subscribe(t.Context(), tp.Observer[int]{})
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errLate)
		defer cancel()
		require.Equal(t, errLate, s.Stop(ctx))
		a.requireReaped(t)
		require.NoError(t, s.Err())
		require.NoError(t, s.Stop(t.Context()))
	})
	bubble(t, "then Dispose", func(t *testing.T) {
		var a alive
		s := operators.Parallel(3, a.blocked)(a.ticks(time.Millisecond)).Subscribe(t.Context(), tp.Observer[int]{})
		time.Sleep(time.Second)
		stopped := make(chan error)
		go func() { stopped <- s.Stop(context.Background()) }()
		synctest.Wait()
		s.Dispose()
		require.NoError(t, <-stopped)
		require.NoError(t, s.Err(), "never the stop itself")
		a.requireReaped(t)
	})
	bubble(t, "while ctx ends", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		s := operators.Concat(tp.Just(1))(tp.Never[int]()).Subscribe(ctx, tp.Observer[int]{})
		synctest.Wait()
		cancel(errBoom)
		require.Equal(t, errBoom, s.Stop(t.Context()))
	})
	bubble(t, "from within", func(t *testing.T) {
		var s *tp.Subscription
		ready := make(chan struct{})
		s = tp.Range(0, math.MaxInt).Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) {
			<-ready
			if v == 3 {
				require.NoError(t, s.Stop(t.Context()))
			}
		}})
		close(ready)
		require.NoError(t, s.Wait())
		require.EqualValues(t, 4, s.Stats().Delivered)
	})
	bubble(t, "a nil ctx", func(t *testing.T) {
		s := tp.Never[int]().Subscribe(t.Context(), tp.Observer[int]{})
		var none context.Context
		require.ErrorIs(t, s.Stop(none), tp.ErrInvalidArgument)
		s.Dispose()
	})
}

// Many short subscriptions consume 1000 items of a channel. Each is stopped at a
// random moment, with windows, buffers, queues and inner streams in between.
func TestStopLosesNothing(t *testing.T) {
	naps := func(_ context.Context, v int) (int, error) { time.Sleep(3 * time.Millisecond); return v, nil }
	flatten := func(o tp.Observable[[]int]) tp.Observable[int] {
		return operators.ConcatMap(func(b []int) tp.Observable[int] { return tp.FromSlice(b) })(o)
	}
	for name, op := range map[string]tp.Operator[int, int]{
		"nothing":   operators.Map(func(v int) int { return v }),
		"Parallel":  operators.Parallel(3, naps),
		"Ordered":   operators.Parallel(3, naps, operators.Ordered(), operators.Buffered(2)),
		"FlatMap":   operators.FlatMap(3, func(v int) tp.Observable[int] { return operators.TryMap(naps)(tp.Just(v)) }),
		"ConcatMap": operators.ConcatMap(func(v int) tp.Observable[int] { return operators.TryMap(naps)(tp.Just(v)) }),
		"Merge":     operators.Merge(tp.Never[int]()),
		"a queue":   operators.OnBackpressureBuffer[int](4, tp.Block),
		"buffers":   func(o tp.Observable[int]) tp.Observable[int] { return flatten(operators.BufferWithCount[int](7)(o)) },
		"batches": func(o tp.Observable[int]) tp.Observable[int] {
			return flatten(operators.OnBackpressureBatch[int](7)(o))
		},
		"timed buffers": func(o tp.Observable[int]) tp.Observable[int] {
			return flatten(operators.BufferWithTimeOrCount[int](5*time.Millisecond, 7)(o))
		},
		"all of it": tp.Compose4(operators.FlatMap(2, func(v int) tp.Observable[int] { return tp.Just(v) }), operators.Prefetch[int](3),
			operators.Parallel(2, naps), operators.ConcatMap(func(v int) tp.Observable[int] { return tp.Just(v) })),
	} {
		bubble(t, name, func(t *testing.T) {
			ch := make(chan int)
			go func() {
				defer close(ch)
				for i := range 1000 {
					ch <- i
					time.Sleep(time.Millisecond)
				}
			}()
			random := rand.New(rand.NewPCG(1, 2))
			var got []int
			subscriptions := 0
			for ; len(got) < 1000; subscriptions++ {
				require.Less(t, subscriptions, 2000, "%d arrived", len(got))
				s := op(tp.FromChannel(ch)).Subscribe(t.Context(), tp.Observer[int]{Next: func(v int) { got = append(got, v) }})
				time.Sleep(time.Duration(random.IntN(int(12 * time.Millisecond))))
				require.NoError(t, s.Stop(t.Context()))
				require.Zero(t, s.Stats().Discarded)
			}
			slices.Sort(got)
			for i, v := range got {
				require.Equal(t, i, v, fmt.Sprint("lost or twice; ", subscriptions, " subscriptions"))
			}
		})
	}
}
