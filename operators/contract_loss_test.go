package operators_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// cuts are the ways in which a stream ends early.
var cuts = []string{"a Cancel in Next", "ctx", "an error", "a panic", "a panic of the consumer", "Take", "a Stop whose ctx ends"}

// cutting is one run that is cut at its i-th item, or at the i-th item of upstream.
type cutting struct {
	how  string
	i    int
	slow time.Duration // the time that Next takes
}

func (c cutting) String() string { return fmt.Sprintf("%s at %d, Next takes %v", c.how, c.i, c.slow) }

// cutAndCounted runs o, cuts it, and checks that every item that the sources have
// handed to emit is accounted for. An item of o counts as weight items.
func cutAndCounted[T any](t *testing.T, r *rig, o turbopipes.Observable[T], c cutting, weight func(T) int64) turbopipes.Stats {
	t.Helper()
	var heard, delivered atomic.Int64
	ctx, cancel := context.WithCancelCause(turbopipes.WithLossHook(t.Context(), func(turbopipes.Loss) { heard.Add(1) }))
	defer cancel(nil)
	r.emitted.Store(0)
	if c.how == "Take" {
		o = operators.Take[T](c.i + 1)(o)
	}
	var s *turbopipes.Subscription
	subscribed := make(chan struct{})
	n := 0
	s = o.Subscribe(ctx, turbopipes.Observer[T]{
		Next: func(v T) {
			delivered.Add(weight(v))
			n++
			time.Sleep(c.slow)
			if n <= c.i {
				return
			}
			switch c.how {
			case "a Cancel in Next":
				<-subscribed
				s.Cancel()
			case "a panic of the consumer":
				panic("mine")
			}
		},
		Error: func(error) {},
	})
	close(subscribed)
	until := time.Duration(c.i)*pace + pace/2
	switch c.how {
	case "ctx":
		time.Sleep(until)
		cancel(errBoom)
	case "a Stop whose ctx ends":
		time.Sleep(until)
		limited, free := context.WithTimeout(t.Context(), pace/4)
		_ = s.Stop(limited)
		free()
	}
	<-s.Done()
	r.requireReaped(t)
	got := s.Stats()
	require.Equal(t, r.emitted.Load(), delivered.Load()+got.Dropped+got.Discarded+got.Failed, "%v: %+v", c, got)
	require.Equal(t, got.Dropped+got.Discarded, heard.Load(), "%v: %+v: the hook", c, got)
	return got
}

// eachCut runs test for every cut.
func eachCut(r *rig, test func(c cutting)) {
	for _, how := range cuts {
		for i := range length {
			for _, slow := range []time.Duration{0, 27 * time.Millisecond} {
				r.endsWith = nil
				if how == "an error" || how == "a panic" {
					r.endsWith = func(at int) error {
						switch {
						case at != i:
							return nil
						case how == "a panic":
							panic(errBoom)
						}
						return errBoom
					}
				}
				test(cutting{how, i, slow})
			}
		}
	}
}

func one[T any](T) int64 { return 1 }

// queued is a queue with room for one item.
func queued[T any](o turbopipes.Observable[T]) turbopipes.Observable[T] {
	return operators.ObserveOn[T](turbopipes.WithQueue(1))(o)
}

// However the stream ends, every item is delivered, dropped, discarded or has failed.
func TestContractAccounts(t *testing.T) {
	every(t, func(t *testing.T, r *rig) {
		if !r.each {
			return
		}
		eachCut(r, func(c cutting) {
			source := r.source(0, length, pace, r.endsWith)
			cutAndCounted(t, r, r.apply(source), c, one)
			cutAndCounted(t, r, r.apply(queued(source)), c, one)
			cutAndCounted(t, r, queued(r.apply(source)), c, one)
		})
	})
}

// batchers returns operators that make slices with each item once. side is a stream
// whose items are not counted.
func batchers(side turbopipes.Observable[int]) map[string]turbopipes.Operator[int, []int] {
	pairs := func(v int) int { return v / 2 }
	return map[string]turbopipes.Operator[int, []int]{
		"BufferUntilChanged":          operators.BufferUntilChanged(pairs),
		"BufferWeighted":              operators.BufferWeighted(3, func(v int) int64 { return int64(v % 5) }),
		"BufferWhen":                  operators.BufferWhen[int](side),
		"BufferWhen/bounded":          operators.BufferWhen[int](side, operators.WithMaxItems(1)),
		"BufferWithCount":             operators.BufferWithCount[int](3),
		"BufferWithCount/flushing":    operators.BufferWithCount[int](4, operators.FlushOnError()),
		"BufferWithCount/long":        operators.BufferWithCount[int](2000),
		"BufferWithTime":              operators.BufferWithTime[int](24 * time.Millisecond),
		"BufferWithTime/bounded":      operators.BufferWithTime[int](34*time.Millisecond, operators.WithMaxItems(2)),
		"BufferWithTime/flushing":     operators.BufferWithTime[int](24*time.Millisecond, operators.FlushOnError()),
		"BufferWithTimeOrCount":       operators.BufferWithTimeOrCount[int](16*time.Millisecond, 2),
		"BufferWithTimeOrCount/count": operators.BufferWithTimeOrCount[int](time.Hour, 4),
		"SessionWindow":               operators.SessionWindow[int](14*time.Millisecond, operators.WithMaxItems(2)),
		"SessionWindow/long":          operators.SessionWindow[int](14*time.Millisecond, operators.WithMaxDuration(24*time.Millisecond)),
		"SlidingWindow":               operators.SlidingWindow[int](4, 4, operators.Partial()),
		"SlidingWindow/flushing":      operators.SlidingWindow[int](4, 4, operators.Partial(), operators.FlushOnError()),
		"ToSlice":                     operators.ToSlice[int](),
		"ToSlice/bounded":             operators.ToSlice[int](operators.WithMaxItems(3)),
		"two":                         turbopipes.Compose2(operators.BufferWithCount[int](2), operators.Map(func(v []int) []int { return v })),
	}
}

// eventTimed are operators which make windows of the items' own time.
func eventTimed() map[string]turbopipes.Operator[int, turbopipes.TimeWindow[int]] {
	at := func(v int) time.Time { return time.Unix(int64(v), 0) }
	backwards := func(v int) time.Time { return at(v ^ 4) } // 4 5 6 7 0 1
	return map[string]turbopipes.Operator[int, turbopipes.TimeWindow[int]]{
		"EventTimeWindow":          operators.EventTimeWindow(2*time.Second, at),
		"EventTimeWindow/late":     operators.EventTimeWindow(2*time.Second, backwards),
		"EventTimeWindow/lagging":  operators.EventTimeWindow(time.Second, at, operators.WithLag[int](2*time.Second)),
		"EventTimeWindow/overflow": operators.EventTimeWindow(time.Second, at, operators.WithLag[int](time.Minute), operators.WithMaxOpen[int](3)),
	}
}

// streamed returns operators that emit their windows one after another.
func streamed(side turbopipes.Observable[int]) map[string]turbopipes.Operator[int, int] {
	in := func(op turbopipes.Operator[int, turbopipes.Observable[int]]) turbopipes.Operator[int, int] {
		return turbopipes.Compose2(op, operators.Flatten[int](1))
	}
	return map[string]turbopipes.Operator[int, int]{
		"WindowWhen":             in(operators.WindowWhen[int](side)),
		"WindowWithCount":        in(operators.WindowWithCount[int](2)),
		"WindowWithTime":         in(operators.WindowWithTime[int](24 * time.Millisecond)),
		"WindowWithTime/empties": in(operators.WindowWithTime[int](24*time.Millisecond, operators.EmitEmpty())),
		"WindowWithTimeOrCount":  in(operators.WindowWithTimeOrCount[int](24*time.Millisecond, 4)),
	}
}

// accountsFor tests operators whose items count by weight.
func accountsFor[T any](t *testing.T, ops func(side turbopipes.Observable[int]) map[string]turbopipes.Operator[int, T], weight func(T) int64) {
	t.Helper()
	for name := range ops(turbopipes.Never[int]()) {
		r := new(rig)
		bubble(t, name, func(t *testing.T) {
			op := ops(operators.Take[int](2)(turbopipes.Interval(23 * time.Millisecond)))[name]
			eachCut(r, func(c cutting) {
				source := r.source(0, length, pace, r.endsWith)
				cutAndCounted(t, r, op(source), c, weight)
				cutAndCounted(t, r, op(queued(source)), c, weight)
				cutAndCounted(t, r, queued(op(source)), c, weight)
			})
		})
	}
}

// A slice counts as its items, wherever it is lost, and a stream as none.
func TestContractAccountsForSlices(t *testing.T) {
	accountsFor(t, batchers, func(v []int) int64 { return int64(len(v)) })
	accountsFor(t, func(turbopipes.Observable[int]) map[string]turbopipes.Operator[int, turbopipes.TimeWindow[int]] {
		return eventTimed()
	},
		func(w turbopipes.TimeWindow[int]) int64 { return int64(len(w.Items)) })
	accountsFor(t, streamed, one[int])
}

// Until an aggregate is handed over, it counts as the items that were merged into it.
func TestContractAccountsForAggregates(t *testing.T) {
	for name, op := range map[string]func(in turbopipes.Observable[int]) turbopipes.Observable[string]{
		"Average":         on("", operators.Average[int]()).apply,
		"Count":           on("", operators.Count[int]()).apply,
		"Count/of slices": on("", turbopipes.Compose2(operators.BufferWithCount[int](2), operators.Count[[]int]())).apply,
		"MapReduce":       on("", operators.MapReduce(1, func(_ context.Context, v int) (int, int, error) { return parity(v), v, nil }, plus)).apply,
		"Reduce":          on("", operators.Reduce(0, plus)).apply,
		"ReduceWith":      on("", operators.ReduceWith(func() int { return 0 }, plus)).apply,
		"Sum":             on("", operators.Sum[int]()).apply,
		"ToMultiMap":      on("", operators.ToMultiMap(parity)).apply,
	} {
		r := new(rig)
		bubble(t, name, func(t *testing.T) {
			all := func(string) int64 { return length }
			eachCut(r, func(c cutting) {
				source := r.source(0, length, pace, r.endsWith)
				cutAndCounted(t, r, op(source), c, all)
				cutAndCounted(t, r, op(queued(source)), c, all)
			})
		})
	}
}

// failures returns operators whose function calls fail at item 3. Each has seen all
// items before item 3.
func failures(fail func(v int) int) map[string]func(in turbopipes.Observable[int]) turbopipes.Observable[string] {
	is := func(v int) bool { return fail(v) >= 0 }
	isnt := func(v int) bool { return fail(v) < 0 }
	key := func(v int) int { return fail(v) }
	second := func(_, v int) int { return fail(v) }
	compare := func(a, b int) int { return fail(max(a, b)) - min(a, b) }
	try := func(_ context.Context, v int) (int, error) { return fail(v), nil }
	yields := func(v int) func(func(int) bool) { return func(yield func(int) bool) { yield(fail(v)) } }
	ops := []entry{
		on("All", operators.All(is)),
		on("Any", operators.Any(isnt)),
		on("BufferUntilChanged", operators.BufferUntilChanged(key)),
		on("BufferWeighted", operators.BufferWeighted(9, func(v int) int64 { return int64(fail(v)) })),
		on("ConcatMap", operators.ConcatMap(func(v int) turbopipes.Observable[int] { return turbopipes.Just(fail(v)) })),
		on("Dedup", operators.Dedup(key, 9, 0)),
		on("Distinct", operators.Distinct(key)),
		on("DistinctUntilChanged", operators.DistinctUntilChanged(key)),
		on("Do", operators.Do(operators.Hooks[int]{Next: func(v int) { fail(v) }})),
		on("EventTimeWindow", operators.EventTimeWindow(time.Hour, func(v int) time.Time { return time.Unix(int64(fail(v)), 0) })),
		on("Filter", operators.Filter(is)),
		on("FilterMap", operators.FilterMap(func(v int) (int, bool) { return fail(v), true })),
		on("Find", operators.Find(isnt)),
		on("FindIndex", operators.FindIndex(isnt)),
		on("FlatMap", operators.FlatMap(1, func(v int) turbopipes.Observable[int] { return turbopipes.Just(fail(v)) })),
		on("FlatMapSeq", operators.FlatMapSeq(func(v int) iter.Seq[int] { return slices.Values([]int{fail(v)}) })),
		on("FlatMapSeq/iterator", operators.FlatMapSeq(func(v int) iter.Seq[int] { return yields(v) })),
		on("GroupBy", grouped(turbopipes.Infinite, operators.GroupBy(key))),
		on("Map", operators.Map(fail)),
		on("MapReduce", operators.MapReduce(1, func(_ context.Context, v int) (int, int, error) { return 0, fail(v), nil }, second)),
		on("MapReduce/reduce", operators.MapReduce(1, func(_ context.Context, v int) (int, int, error) { return 0, v, nil }, second)),
		on("Marshal", operators.Marshal[int](func(v any) ([]byte, error) { return fmt.Append(nil, fail(v.(int))), nil })),
		on("Max", operators.Max(compare)),
		on("Min", operators.Min(compare)),
		on("Parallel", operators.Parallel(1, try)),
		on("RateLimit", operators.RateLimit[int](9, 1, operators.WithBurst[int](99), operators.WithCost(fail))),
		on("Reduce", operators.Reduce(0, second)),
		on("ReduceWith", operators.ReduceWith(func() int { return 0 }, second)),
		on("Scan", operators.Scan(0, second)),
		on("ScanWith", operators.ScanWith(func() int { return 0 }, second)),
		on("Serialize", operators.Serialize(0, key)),
		on("Single", operators.Single(isnt)),
		on("SkipWhile", operators.SkipWhile(is)),
		on("StatefulMap", operators.StatefulMap(opened(1), func(_ context.Context, s, v int) (int, int, error) { return s, fail(v), nil }, nil)),
		on("TakeUntilMatch", operators.TakeUntilMatch(isnt)),
		on("TakeWhile", operators.TakeWhile(is)),
		on("ToMap", operators.ToMap(key)),
		on("ToMapWithValueSelector", operators.ToMapWithValueSelector(operators.Self[int], fail)),
		on("ToMultiMap", operators.ToMultiMap(key)),
		on("TopK", operators.TopK(9, compare)),
		on("TryMap", operators.TryMap(try)),
		from("Unmarshal", func(v int) []byte { return []byte{byte(v)} }, operators.Unmarshal[int](func(b []byte, v any) error { *v.(*int) = fail(int(b[0])); return nil })),
	}
	all := map[string]func(in turbopipes.Observable[int]) turbopipes.Observable[string]{}
	for _, e := range ops {
		all[e.name] = e.apply
	}
	return all
}

// failedOnce consumes o, whose item 3 fails, and checks that only this failure is
// counted.
func failedOnce(t *testing.T, o turbopipes.Observable[string]) turbopipes.Stats {
	t.Helper()
	s := o.Subscribe(t.Context(), turbopipes.Observer[string]{Error: func(error) {}})
	<-s.Done()
	require.Error(t, s.Err())
	require.EqualValues(t, 1, s.Stats().Failed)
	return s.Stats()
}

// keeping are the operators of failures that still have every item when the function
// fails.
var keeping = []string{
	"BufferWeighted", "EventTimeWindow",
	"Reduce", "ReduceWith", "ToMap", "ToMapWithValueSelector", "ToMultiMap", "TopK",
}

// whole are the operators that emit one item for each item.
var whole = []string{
	"ConcatMap", "Dedup", "Distinct", "DistinctUntilChanged", "Do", "Filter", "FilterMap", "FlatMapSeq",
	"FlatMapSeq/iterator", "Map", "Marshal", "RateLimit", "Scan", "ScanWith", "Serialize", "StatefulMap", "TakeUntilMatch",
	"TakeWhile", "TryMap", "Unmarshal",
}

// If a function of the user panics or exits its goroutine, its item counts as failed.
func TestContractFunctionFails(t *testing.T) {
	for how, end := range map[string]func(){"a panic": func() { panic(errBoom) }, "a Goexit": runtime.Goexit} {
		for name, op := range failures(func(v int) int {
			if v == 3 {
				end()
			}
			return v
		}) {
			bubble(t, how+"/"+name, func(t *testing.T) {
				got := failedOnce(t, op(turbopipes.Range(0, length)))
				switch {
				case slices.Contains(keeping, name):
					require.EqualValues(t, 3, got.Discarded)
				case slices.Contains(whole, name):
					require.Equal(t, turbopipes.Stats{Delivered: 3, Failed: 1}, got)
				}
			})
		}
	}
}

// An error that a function returns for an item counts it as failed.
func TestContractFunctionReturnsAnError(t *testing.T) {
	third := func(v int) error {
		if v == 3 {
			return errBoom
		}
		return nil
	}
	try := func(_ context.Context, v int) (int, error) { return v, third(v) }
	result := func(v int) turbopipes.Result[int] { return turbopipes.Result[int]{Value: v, Err: third(v)} }
	for _, e := range []entry{
		on("BufferWeighted", operators.BufferWeighted(1, func(v int) int64 { return int64(3-v)*2 - 1 })),
		from("Cast", func(v int) any {
			if v == 3 {
				return "three"
			}
			return v
		}, operators.Cast[int, any]()),
		from("DeadLetter", result, operators.DeadLetter(func(context.Context, turbopipes.Result[int]) error { return errLate })),
		on("FlatMapSeq", operators.FlatMapSeq(func(v int) iter.Seq[int] {
			if v == 3 {
				return nil
			}
			return slices.Values([]int{v})
		})),
		on("MapReduce", operators.MapReduce(1, func(_ context.Context, v int) (int, int, error) { return v, v, third(v) }, func(a, _ int) int { return a })),
		on("Marshal", operators.Marshal[int](func(v any) ([]byte, error) { return nil, third(v.(int)) })),
		on("Parallel", operators.Parallel(1, try)),
		on("StatefulMap", operators.StatefulMap(opened(1), func(_ context.Context, s, v int) (int, int, error) { return s, v, third(v) }, nil)),
		on("TryMap", operators.TryMap(try)),
		from("Unmarshal", func(v int) []byte { return []byte{byte(v)} }, operators.Unmarshal[int](func(b []byte, _ any) error { return third(int(b[0])) })),
		from("Unwrap", result, operators.Unwrap[int]()),
	} {
		bubble(t, e.name, func(t *testing.T) { failedOnce(t, e.apply(turbopipes.Range(0, length))) })
	}
}

// If a function fails on a slice, the items of the slice count as failed. If it fails
// on a stream, no item counts.
func TestContractFunctionFailsOnASlice(t *testing.T) {
	fails := func([]int) int { panic(errBoom) }
	try := func(_ context.Context, _ []int) (int, error) { return 0, errBoom }
	pairs := operators.BufferWithCount[int](2)
	for name, op := range map[string]turbopipes.Operator[[]int, int]{
		"DistinctUntilChanged": turbopipes.Compose2(operators.DistinctUntilChanged(fails), operators.Map(fails)),
		"FlatMapSeq":           operators.FlatMapSeq(func(v []int) iter.Seq[int] { panic(errBoom) }),
		"Map":                  operators.Map(fails),
		"Parallel":             operators.Parallel(1, try),
		"Reduce":               operators.Reduce(0, func(_ int, v []int) int { return fails(v) }),
		"Scan":                 operators.Scan(0, func(_ int, v []int) int { return fails(v) }),
		"TryMap":               operators.TryMap(try),
		"TryMap/panic":         operators.TryMap(func(_ context.Context, v []int) (int, error) { return fails(v), nil }),
	} {
		bubble(t, name, func(t *testing.T) {
			s := op(pairs(turbopipes.Range(0, 2))).Subscribe(t.Context(), turbopipes.Observer[int]{Error: func(error) {}})
			require.ErrorIs(t, s.Wait(), errBoom)
			require.Equal(t, turbopipes.Stats{Failed: 2}, s.Stats())
		})
	}
	bubble(t, "a window", func(t *testing.T) {
		windows := operators.WindowWithCount[int](2)(turbopipes.Range(0, 2))
		o := operators.Map(func(turbopipes.Observable[int]) int { panic(errBoom) })(windows)
		s := o.Subscribe(t.Context(), turbopipes.Observer[int]{Error: func(error) {}})
		require.ErrorIs(t, s.Wait(), errBoom)
		require.Zero(t, s.Stats().Failed)
	})
}
