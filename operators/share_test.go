package operators_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

var noCtx context.Context

func TestShare(t *testing.T) {
	tptest.Doc(t, "share.go", "Share", operators.Share[string]())
	for name, diagram := range map[string]string{
		"empty": "--|", "an error at first": "#", "an error later": "-ab-#", "at once": "(abc|)", "endless": "-a-",
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, diagram, operators.Share[string](), diagram) })
	}
	for bad, options := range map[string][]operators.ShareOption{
		"Share: option 1 is nil":                    {nil},
		"Share: WithQueue: n is 0, want at least 1": {turbopipes.WithQueue(0)},
		"Share: WithOverflow: the overflow strategy is 7, want Block, DropNewest, DropOldest or Fail": {turbopipes.WithOverflow(7)},
		"Share: WithMinSubscribers: n is 0, want at least 1":                                          {turbopipes.WithMinSubscribers(0)},
		"Share: WithGrace: idle is -1ns, want more than 0":                                            {turbopipes.WithGrace(-1)},
		"Share: KeepConnected: ctx is nil":                                                            {operators.KeepConnected(noCtx)},
	} {
		requireInvalid(t, operators.Share[int](options...), bad)
	}
}

// Case 30 of RxJS's marble tests: subscribers leave, join, and start a new run.
func TestShareStartsAnew(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		shared := operators.Share[string]()(tptest.Cold[string](s, "-a-b-c|", nil, tptest.Subscribed("^!", "---^--!")))
		o := operators.Concat(tptest.Cold[string](s, "--|", nil), operators.Take[string](2)(shared))(operators.Take[string](1)(shared))
		tptest.Expect(s, o, "-a--a-(b|)", nil, tptest.Once())
	})
}

func TestShareAmongSeveral(t *testing.T) {
	tptest.Run(t, func(s *tptest.Scenario) {
		shared := operators.Share[string]()(tptest.Cold[string](s, "-a-b-c-d|", nil, tptest.Subscribed("^-------!")))
		tptest.Expect(s, shared, "-a-b-c-d|", nil, tptest.At(0), tptest.Once())
		tptest.Expect(s, shared, "---b-c-d|", nil, tptest.At(2), tptest.Once())
	})
}

// After the end of a run, a later subscriber starts a new run, or gets the end.
func TestShareAfterTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		options []operators.ShareOption
		err     error
		runs    int
	}{
		"completion":           {nil, nil, 2},
		"error":                {nil, errBoom, 2},
		"completion, kept":     {[]operators.ShareOption{operators.KeepOnComplete()}, nil, 1},
		"error, kept":          {[]operators.ShareOption{operators.KeepOnError()}, errBoom, 1},
		"completion, not kept": {[]operators.ShareOption{operators.KeepOnError()}, nil, 2},
		"error, not kept":      {[]operators.ShareOption{operators.KeepOnComplete()}, errBoom, 2},
	} {
		bubble(t, name, func(t *testing.T) {
			runs := 0
			o := operators.Share[int](c.options...)(turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
				runs++
				emit(runs)
				return c.err
			}))
			for i := range 2 {
				items, err := o.Collect(t.Context())
				require.Equal(t, c.err, err)
				if i == 0 || c.runs == 2 {
					require.Equal(t, []int{i + 1}, items)
				} else {
					require.Empty(t, items)
				}
			}
			require.Equal(t, c.runs, runs)
		})
	}
}

// A subscriber that still drains an ended run does not meet a subscriber that starts a
// new run.
func TestShareDrainsWhileAnotherStarts(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		runs := 0
		o := operators.Share[int]()(turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
			runs++
			emit(10 * runs)
			emit(10*runs + 1)
			return nil
		}))
		var slow []int
		s := o.Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(v int) { slow = append(slow, v); time.Sleep(time.Minute) }})
		synctest.Wait()
		items, err := o.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{20, 21}, items)
		require.NoError(t, s.Wait())
		require.Equal(t, []int{10, 11}, slow)
	})
}

func TestShareKeepConnected(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var a alive
		ctx, cancel := context.WithCancelCause(t.Context())
		o := operators.Share[int](operators.KeepConnected(ctx))(turbopipes.Create(func(ctx context.Context, emit func(int) bool) error {
			defer a.enter()()
			return turbopipes.Interval(time.Second).Push(ctx, emit)
		}))
		items, err := operators.Take[int](1)(o).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{0}, items)
		time.Sleep(2500 * time.Millisecond)
		items, err = operators.Take[int](1)(o).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{3}, items)
		cancel(errBoom)
		synctest.Wait()
		a.requireReaped(t)
		require.Equal(t, errBoom, o.Drain(t.Context()))
	})
}

func TestShareHoldsUpstream(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		var c counting
		o := operators.Share[int](turbopipes.WithQueue(2))(c.stream(10))
		s := endedBy(t, o, time.Second, 2500*time.Millisecond, dispose)
		require.Len(t, s.items, 3, "the third is with downstream")
		require.EqualValues(t, 5, c.accepted.Load(), "3 taken, and 2 wait")
		require.EqualValues(t, 6, c.begun.Load(), "and upstream has one in its hand")
		require.EqualValues(t, 3, s.stats.Discarded, "and the one in its hand")
	})
}

// When a subscription is stopped gracefully, all its readers get the same items, although
// the stop reaches them one after the other.
func TestShareStopsItsReadersAsOne(t *testing.T) {
	for range 20 {
		o := operators.Share[int](turbopipes.WithMinSubscribers(3))(turbopipes.Range(0, math.MaxInt))
		under := make(chan struct{})
		var counts [3]int
		reader := func(i int) turbopipes.Observable[int] {
			return operators.Do(operators.Hooks[int]{Next: func(v int) {
				if counts[i]++; i == 1 && v == 500 {
					close(under)
				}
			}})(o)
		}
		s := operators.Merge(reader(1), reader(2))(reader(0)).Subscribe(t.Context(), turbopipes.Observer[int]{})
		<-under
		require.NoError(t, s.Stop(t.Context()))
		require.Equal(t, [3]int{counts[0], counts[0], counts[0]}, counts)
	}
}

// The same holds if others stay and upstream goes on.
func TestShareStopsItsReadersAtOneItem(t *testing.T) {
	const readers = 100
	for range 5 {
		o := operators.Share[int](turbopipes.WithMinSubscribers(readers + 1))(turbopipes.Range(0, math.MaxInt))
		under := make(chan struct{})
		counts := make([]int, readers)
		all := make([]turbopipes.Observable[int], readers)
		for i := range all {
			all[i] = operators.Do(operators.Hooks[int]{Next: func(v int) {
				if counts[i]++; i == 1 && v == 100 {
					close(under)
				}
			}})(o)
		}
		other := o.Subscribe(t.Context(), turbopipes.Observer[int]{})
		s := operators.Merge(all[1:]...)(all[0]).Subscribe(t.Context(), turbopipes.Observer[int]{})
		<-under
		require.NoError(t, s.Stop(t.Context()))
		other.Dispose()
		require.Equal(t, counts[0], slices.Min(counts))
		require.Equal(t, counts[0], slices.Max(counts))
	}
}

// A reader has inner streams that read the same run. It is stopped although these
// streams come while the run is ending, and the end of the run waits for the reader.
func TestShareReadWithinItsReader(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		o := operators.Share[int]()(turbopipes.Interval(time.Millisecond))
		s := operators.ConcatMap(func(v int) turbopipes.Observable[int] {
			if v == 0 {
				return turbopipes.Timer(50 * time.Millisecond) // others come meanwhile
			}
			return operators.Take[int](1)(o)
		})(o).Subscribe(t.Context(), turbopipes.Observer[int]{})
		time.Sleep(30 * time.Millisecond)
		require.NoError(t, s.Stop(t.Context()))
		require.Zero(t, s.Stats().Discarded)
	})
}

func ExampleShare() {
	queries := 0
	rows := turbopipes.Defer(func(context.Context) (turbopipes.Observable[int], error) {
		queries++
		return turbopipes.Just(1, 2, 3), nil
	})
	shared := operators.Share[int](turbopipes.WithMinSubscribers(2))(rows)
	sum := operators.Reduce(0, func(a, v int) int { return a + v })
	product := operators.Reduce(1, func(a, v int) int { return a * v })
	both := operators.Zip(product(shared), func(a, b int) [2]int { return [2]int{a, b} })(sum(shared))
	fmt.Println(both.Collect(context.Background()))
	fmt.Println(queries, "query")
	// Output:
	// [[6 6]] <nil>
	// 1 query
}

func BenchmarkShare(b *testing.B) { benchmark(b, operators.Share[int]()) }

// A run that has ended by itself, and is kept, takes newcomers also while its only
// subscriber is about to leave.
func TestShareKeptWhileOneLeaves(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		shared := operators.Share[int](operators.KeepOnComplete())(turbopipes.Just(1, 2))
		first := shared.Subscribe(t.Context(), turbopipes.Observer[int]{Next: func(int) { time.Sleep(time.Minute) }})
		time.Sleep(time.Second) // upstream has completed
		first.Cancel()
		time.Sleep(time.Second)
		begin := time.Now()
		require.NoError(t, shared.Drain(t.Context()))
		require.Zero(t, time.Since(begin))
		first.Dispose()
	})
}

// A loss hook that panics during the grace of a shared stream fails the run that the
// leaving subscriber waits for.
func TestShareHookPanicsInGrace(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		shared := operators.Share[int](turbopipes.WithGrace(time.Minute), turbopipes.OnDiscard(func(any) { panic(errBoom) }))
		err := operators.Take[int](1)(shared(turbopipes.Interval(time.Second))).Drain(t.Context())
		require.ErrorIs(t, err, errBoom)
	})
}
