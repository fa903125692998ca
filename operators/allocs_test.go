package operators_test

import (
	"context"
	"iter"
	"log/slog"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// fused returns the operators that run only on their subscriber's goroutine, and
// allocate only at a subscription.
func fused() map[string]func(turbopipes.Observable[int]) {
	one := turbopipes.Lift("one", func(_ context.Context, _ turbopipes.Observable[int], emit func(int) bool) error {
		emit(1)
		return nil
	})(turbopipes.Empty[int]()) // a stream that allocates nothing itself
	yes := func(int) bool { return true }
	no := func(int) bool { return false }
	sum := func(sum, v int) int { return sum + v }
	zero := func() int { return 0 }
	pair, three := []int{1, 2}, slices.Values([]int{1, 2, 3})
	return map[string]func(turbopipes.Observable[int]){
		"All":                    drained(operators.All(yes)),
		"Any":                    drained(operators.Any(no)),
		"Average":                drained(operators.Average[int]()),
		"BufferWithCount":        drained(operators.BufferWithCount[int](5000)), // one slice, however many
		"Cast":                   drained(operators.Cast[int, int]()),
		"Catch":                  drained(operators.Catch(func(error) turbopipes.Observable[int] { return one })),
		"CircuitBreaker":         drained(operators.CircuitBreaker[int](operators.NewBreaker())),
		"Concat":                 drained(operators.Concat(one)),
		"ConcatMap":              drained(operators.ConcatMap(func(int) turbopipes.Observable[int] { return one })),
		"Contains":               drained(operators.Contains(-1)),
		"Count":                  drained(operators.Count[int]()),
		"DeadLetter":             drained(turbopipes.Compose2(operators.Map(func(v int) turbopipes.Result[int] { return turbopipes.Result[int]{Value: v} }), operators.DeadLetter(func(context.Context, turbopipes.Result[int]) error { return nil }))),
		"Dedup":                  drained(operators.Dedup(operators.Self[int], 4, time.Hour)),
		"DefaultIfEmpty":         drained(operators.DefaultIfEmpty(1)),
		"DelaySubscription":      drained(operators.DelaySubscription[int](0)),
		"Dematerialize":          drained(turbopipes.Compose2(operators.Materialize[int](), operators.Dematerialize[int]())),
		"Distinct":               drained(operators.Distinct(func(v int) int { return v & 3 })),
		"DistinctUntilChanged":   drained(operators.DistinctUntilChanged(operators.Self[int])),
		"Do":                     drained(operators.Do(operators.Hooks[int]{Next: func(int) {}})),
		"ElementAt":              drained(operators.ElementAt[int](999)),
		"EndWith":                drained(operators.EndWith(1)),
		"Filter":                 drained(operators.Filter(yes)),
		"FilterMap":              drained(operators.FilterMap(func(v int) (int, bool) { return v, true })),
		"Finally":                drained(operators.Finally[int](func() {})),
		"Find":                   drained(operators.Find(no)),
		"FindIndex":              drained(operators.FindIndex(no)),
		"FlatMapSeq":             drained(operators.FlatMapSeq(func(int) iter.Seq[int] { return three })),
		"First":                  drained(operators.First[int]()),
		"FirstOrDefault":         drained(operators.FirstOrDefault(1)),
		"IgnoreElements":         drained(operators.IgnoreElements[int]()),
		"Index":                  drained(operators.Index[int]()),
		"Intersperse":            drained(operators.Intersperse(0, operators.WithEnds(1, 2))),
		"IsEmpty":                drained(operators.IsEmpty[int]()),
		"Last":                   drained(operators.Last[int]()),
		"LastOrDefault":          drained(operators.LastOrDefault(1)),
		"Log":                    drained(operators.Log[int](slog.New(slog.DiscardHandler), "stage")),
		"Map":                    drained(operators.Map(func(v int) int { return v })),
		"MapError":               drained(operators.MapError[int](func(err error) error { return err })),
		"Materialize":            drained(operators.Materialize[int]()),
		"Max":                    drained(operators.Max(ascending)),
		"Min":                    drained(operators.Min(ascending)),
		"Name":                   drained(operators.Name[int]("stage")),
		"OfType":                 drained(operators.OfType[int, int]()),
		"OnErrorComplete":        drained(operators.OnErrorComplete[int](nil)),
		"OnErrorResume…":         drained(operators.OnErrorResumeNext(one)),
		"OnErrorReturn":          drained(operators.OnErrorReturnItem(1)),
		"Pairwise":               drained(operators.Pairwise[int]()),
		"RateLimit":              drained(operators.RateLimit[int](math.MaxInt, time.Nanosecond)),
		"Reduce":                 drained(operators.Reduce(0, sum)),
		"ReduceWith":             drained(operators.ReduceWith(zero, sum)),
		"Repeat":                 drained(operators.Repeat[int](1)),
		"Results":                drained(operators.Results[int]()),
		"Retry":                  drained(operators.Retry[int](1)),
		"Retrying":               drained(operators.TryMap(operators.Retrying(identity, 1))),
		"Scan":                   drained(operators.Scan(0, sum)),
		"ScanWith":               drained(operators.ScanWith(zero, sum)),
		"Serialize":              drained(operators.Serialize(0, operators.Self[int])),
		"Single":                 drained(operators.Single(func(v int) bool { return v == 1 })),
		"Skip":                   drained(operators.Skip[int](1)),
		"SkipFor":                drained(operators.SkipFor[int](time.Hour)),
		"SkipLast":               drained(operators.SkipLast[int](4)),
		"SkipWhile":              drained(operators.SkipWhile(func(v int) bool { return v < 3 })),
		"OnErrorResumeNext":      drained(operators.OnErrorResumeNext(one)),
		"OnErrorReturnItem":      drained(operators.OnErrorReturnItem(1)),
		"ToMapWithValueSelector": drained(operators.ToMapWithValueSelector(parity, func(v int) int { return v })),
		"Partition": func(in turbopipes.Observable[int]) {
			match, rest := operators.Partition(in, yes)
			_, _ = match.Drain(context.Background()), rest.Drain(context.Background())
		},
		"StartWith":      drained(operators.StartWith(1)),
		"StatefulMap":    drained(operators.StatefulMap(opened(0), func(_ context.Context, s, v int) (int, int, error) { return s + v, s, nil }, nil)),
		"Sum":            drained(operators.Sum[int]()),
		"SwitchIfEmpty":  drained(operators.SwitchIfEmpty(one)),
		"Take":           drained(operators.Take[int](math.MaxInt)),
		"TakeLast":       drained(operators.TakeLast[int](4)),
		"TakeUntilMatch": drained(operators.TakeUntilMatch(no)),
		"TakeWhile":      drained(operators.TakeWhile(yes, operators.Inclusive())),
		"ThrowIfEmpty":   drained(operators.ThrowIfEmpty[int](nil)),
		"TimeInterval":   drained(operators.TimeInterval[int]()),
		"Timestamp":      drained(operators.Timestamp[int]()),
		"ToMap":          drained(operators.ToMap(parity)),
		"TopK":           drained(operators.TopK(5, ascending)),
		"TryMap":         drained(operators.TryMap(identity)),
		"Unbatch":        drained(turbopipes.Compose2(operators.Map(func(int) []int { return pair }), operators.Unbatch[int]())),
		"Unwrap":         drained(turbopipes.Compose2(operators.Map(func(v int) turbopipes.Result[int] { return turbopipes.Result[int]{Value: v} }), operators.Unwrap[int]())),
		"WithContext":    drained(operators.WithContext[int](ownChild)),
		"a chain":        drained(chain()),
	}
}

// notFused are other operators that start no goroutine. Each has the reason why it is in
// no table of the operators that allocate nothing per item.
var notFused = map[string]string{
	"BufferUntilChanged": "a slice for each run of equal keys",
	"BufferWeighted":     "a slice for each batch",
	"EventTimeWindow":    "a slice for each window",
	"Marshal":            "what its function allocates",
	"SlidingWindow":      "a slice for each window",
	"Sort":               "keeps every item",
	"TakeFor":            "a timer of its own",
	"TimeLimit":          "a ctx with a timer for each call",
	"Timeout":            "a timer for each wait",
	"ToMultiMap":         "keeps every item",
	"ToSlice":            "keeps every item",
	"Unmarshal":          "a fresh item each",
}

// Every operator that says that it starts no goroutine is measured.
func TestFusedCoversAll(t *testing.T) {
	table := fused()
	for _, file := range sources(t) {
		for _, fn := range functions(parsed(t, file)) {
			name := fn.Name.Name
			if !strings.Contains(strings.Join(strings.Fields(fn.Doc.Text()), " "), "Goroutines: none") {
				continue
			}
			_, measured := table[name]
			_, excused := notFused[name]
			assert.NotEqual(t, measured, excused, "%s: in one of the two tables", name)
		}
	}
}

func TestFusedAllocateNothingPerItem(t *testing.T) {
	for name, drain := range fused() {
		t.Run(name, func(t *testing.T) {
			few, many := turbopipes.Range(0, 10), turbopipes.Range(0, 1000)
			require.LessOrEqual(t, allocs(drain, many), allocs(drain, few), "allocations of 1000 items and of 10")
		})
	}
}

// innerStreams are operators that run a stream for each item, with the allocations per
// item that they may have. A stream of Just or Start allocates itself: the slice and the
// Observable, and here also the function.
func innerStreams() map[string]struct {
	drain func(turbopipes.Observable[int])
	per   float64
} {
	just := func(v int) turbopipes.Observable[int] { return turbopipes.Just(v) }
	start := func(v int) turbopipes.Observable[int] {
		return turbopipes.Start(func(context.Context) (int, error) { return v, nil })
	}
	ten := turbopipes.Range(0, 10)
	return map[string]struct {
		drain func(turbopipes.Observable[int])
		per   float64
	}{
		"ConcatMap of Just":      {drained(operators.ConcatMap(just)), 2},
		"ConcatMap of Start":     {drained(operators.ConcatMap(start)), 3},
		"DelayWhen of Just":      {drained(operators.DelayWhen(just)), 4}, // and the waiting item, and the emit of its notifier
		"FlatMap of Just":        {drained(operators.FlatMap(8, just)), 2},
		"FlatMap of Just, ahead": {drained(operators.FlatMap(8, just, operators.Buffered(64))), 2},
		"FlatMap of Start":       {drained(operators.FlatMap(8, start)), 3},
		"FlatMap of one stream":  {drained(operators.FlatMap(8, func(int) turbopipes.Observable[int] { return ten })), 0},
		"Merge":                  {drained(func(in turbopipes.Observable[int]) turbopipes.Observable[int] { return operators.Merge(in)(in) }), 0},
		"ObserveOn":              {drained(operators.ObserveOn[int]()), 0},
		"OnBackpressureDrop":     {drained(operators.OnBackpressureDrop[int]()), 0},
		"SubscribeOn":            {drained(operators.SubscribeOn[int](nil)), 0},
		"SwitchMap of one stream": {func(in turbopipes.Observable[int]) {
			drained(operators.SwitchMap(func(int) turbopipes.Observable[int] { return in }))(turbopipes.Just(1))
		}, 0},
	}
}

// The margin is for goroutines and for slices that grow, of which there are few.
func TestInnerStreamsAllocate(t *testing.T) {
	for name, c := range innerStreams() {
		t.Run(name, func(t *testing.T) {
			more := allocs(c.drain, turbopipes.Range(0, 3000)) - allocs(c.drain, turbopipes.Range(0, 1000))
			require.LessOrEqual(t, more/2000, c.per+0.1, "per item")
		})
	}
}

func drained[R any](op turbopipes.Operator[int, R]) func(turbopipes.Observable[int]) {
	return func(in turbopipes.Observable[int]) { _ = op(in).Drain(context.Background()) }
}

func allocs(drain func(turbopipes.Observable[int]), in turbopipes.Observable[int]) float64 {
	return testing.AllocsPerRun(20, func() { drain(in) })
}

// One slice is one allocation.
func TestBufferWithCountAllocatesItsSlices(t *testing.T) {
	for name, opts := range map[string][]operators.BufferWithCountOption{
		"plain": nil, "overlapping": {operators.WithStep(5)}, "with gaps": {operators.WithStep(20)},
	} {
		t.Run(name, func(t *testing.T) {
			drain := drained(operators.BufferWithCount[int](10, opts...))
			slices := func(n int) int {
				all, err := operators.BufferWithCount[int](10, opts...)(turbopipes.Range(0, n)).Collect(t.Context())
				require.NoError(t, err)
				return len(all)
			}
			more := slices(1000) - slices(100)
			require.LessOrEqual(t, allocs(drain, turbopipes.Range(0, 1000))-allocs(drain, turbopipes.Range(0, 100)), float64(more))
		})
	}
}

// chain returns ten fused operators in a row.
func chain() turbopipes.Operator[int, int] {
	op := operators.Map(func(v int) int { return v + 1 })
	for range 3 {
		op = turbopipes.Compose4(op, operators.Filter(func(v int) bool { return v > 0 }), operators.Map(func(v int) int { return v }), operators.Filter(func(int) bool { return true }))
	}
	return op
}

// The source of a fused operator runs on the consumer's goroutine, and no other is
// started.
func TestFusedStartNoGoroutine(t *testing.T) {
	id := func() string {
		buf := make([]byte, 64)
		return strings.Fields(string(buf[:runtime.Stack(buf, false)]))[1]
	}
	for name, drain := range fused() {
		t.Run(name, func(t *testing.T) {
			mine, before, items := id(), runtime.NumGoroutine(), 0
			drain(turbopipes.Create(func(_ context.Context, emit func(int) bool) error {
				for i := range 100 {
					require.Equal(t, mine, id())
					require.LessOrEqual(t, runtime.NumGoroutine(), before)
					items++
					if !emit(i) {
						break
					}
				}
				return nil
			}))
			require.Positive(t, items)
		})
	}
}
